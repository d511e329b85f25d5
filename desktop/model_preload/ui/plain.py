"""What hubs and files are called, shown as it is where Qt would take it for markup."""

import html


def plain_tip(shown: str) -> str:
    """A tooltip with these very characters; "" stays none. Long ones are folded."""
    return f"<qt>{html.escape(shown).replace(chr(10), '<br>')}</qt>" if shown else ""
