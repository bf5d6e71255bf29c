"""What a policy did: the treated area against what it would have been without the policy."""

from gbaindicators.comparison.policy.effect import policy_effect
from gbaindicators.comparison.policy.result import PolicyEffect

__all__ = ["PolicyEffect", "policy_effect"]
