"""Words that the form's field with the focus takes: which are listed, which is highlighted, which is taken."""

from textual.widget import Widget
from textual.widgets import Static

from tui.forms.choices import choices, is_begun
from tui.forms.form_words import ARCH, MORE, PRESET
from tui.widgets.choice_list import ChoiceList
from tui.widgets.form_fields import FormField

LISTED = (ARCH, PRESET, MORE)
"""Fields whose words are listed, with a sentence each."""
KEYS = "enter queue all   tab ↑ ↓ other field   → complete   esc back"
KEYS_OF_A_LIST = "enter queue all   tab other field   ↑ ↓ choose   → take   esc back"
KEYS_OF_A_CHOICE = "enter → take   ↑ ↓ choose   tab other field   esc back"


class FieldChoices:
    """List below the fields, and the line of keys that act on it."""

    def __init__(self) -> None:
        self.list = ChoiceList("choices")
        self.keys = Static(KEYS, id="form-keys", classes="dim", markup=False)

    def offer(self, field: Widget | None) -> None:
        """List what may be typed where the cursor is."""
        if not isinstance(field, FormField):
            return
        name = field.id or ""
        offered = choices(name, field.value) if name in LISTED else []
        self.list.offer(offered, is_begun=is_begun(name, field.value))
        self.list.screen.query_one("#form").set_class(bool(offered), "-offers")
        self._show_choice(field)

    def move(self, field: Widget | None, by: int) -> bool:
        """Highlight the next or previous choice; False where none are listed."""
        if not (self.list.display and isinstance(field, FormField)):
            return False
        self.list.move(by)
        self._show_choice(field)
        return True

    def take(self, field: Widget | None) -> bool:
        """Put the choice that the user moved to into the field; False where there is none."""
        if not (self.list.was_moved and isinstance(field, FormField)):
            return False
        field.take()
        return True

    def _show_choice(self, field: FormField) -> None:
        found = self.list
        field.offer(found.chosen.text if found.chosen is not None else "")
        self.keys.update(KEYS_OF_A_CHOICE if found.was_moved else KEYS_OF_A_LIST if found.display else KEYS)
