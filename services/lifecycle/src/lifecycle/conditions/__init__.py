"""Conditions 條件: the language of policies, from text to typed trees. What they are worth for a member, `engine` finds."""
