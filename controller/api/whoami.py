"""What the daemon tells people of their own role: who they are to it, what they may, and how they come to more."""

from collections.abc import Mapping

from controller.api.visitors import Visitor
from controller.domain.access import Access
from controller.domain.permits import NotAllowed, every_act
from controller.domain.roles import ROLE, Role


def whoami(visitor: Visitor, access: Access) -> Mapping[str, object]:
    """Return who somebody is, why, whether they may do each act, and the way to each higher role.

    ``more`` of an act: what else may stand in its way, in words.
    """
    return {
        "by": visitor.by,
        "role": visitor.role.word,
        "why": visitor.why,
        "acts": [
            {
                "act": act.words,
                "role": act.need.role.word,
                "at_tower": act.need.at_tower,
                "more": act.more,
                "may": visitor.role >= act.need.role,
            }
            for act in every_act()
        ],
        "ways": {role.word: access.way_to(role) for role in Role if role > visitor.role},
    }


def turned_away(refusal: NotAllowed, access: Access) -> tuple[str, Mapping[str, object]]:
    """Return the text and the data of the answer to somebody who may not."""
    way = f"; {access.way_to(refusal.need.role)}" if refusal.rule == ROLE else ""
    data = {"rule": refusal.rule, "needs": refusal.need.role.word, "at_tower": refusal.need.at_tower}
    return f"{refusal.text}{way}", data
