"""What a canvas is made of: frozen structs that encode to Canvas Kit's JSON.

A component checks itself when it is made; what only shows in a whole canvas, such as two components
of one id, is checked by `Canvas`. Ids name components in `SubmitRequest.input_values` and in
`CanvasKit.submit`.
https://developers.intercom.com/docs/references/canvas-kit/presentationcomponents/text
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from intercom_async.errors import ConfigError

SaveState = Literal["unsaved", "saved", "failed"]
"""How an interactive component looks: ``saved`` takes no further input."""


class Action(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """What happens when a component is touched."""


class SubmitAction(Action, frozen=True, tag="submit"):
    """Send every value on the canvas to the submit handler."""


class UrlAction(Action, frozen=True, tag="url"):
    """Open a page in a new window."""

    url: str

    def __post_init__(self) -> None:
        """Check the address."""
        check_url("UrlAction.url", self.url)


class SheetAction(Action, frozen=True, tag="sheet"):
    """Open a page of the app inside the Messenger; its server gets an unsigned POST."""

    url: str

    def __post_init__(self) -> None:
        """Check the address."""
        check_url("SheetAction.url", self.url)


AnyAction: TypeAlias = SubmitAction | UrlAction | SheetAction


class Option(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="option"):
    """One of the answers of a `Dropdown`, `SingleSelect` or `Checkbox`."""

    id: str
    text: str
    disabled: bool = False

    def __post_init__(self) -> None:
        """Check id and text."""
        check_text("Option.id", self.id)
        check_text("Option.text", self.text)


class Component(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """Base of all components."""


class Text(Component, frozen=True, tag="text"):
    """A paragraph or headline; links and bold as in Markdown."""

    text: str
    style: Literal["header", "paragraph", "muted", "error"] = "paragraph"
    align: Literal["left", "center", "right"] = "left"
    id: str | None = None
    bottom_margin: Literal["none"] | None = None

    def __post_init__(self) -> None:
        """Check the text."""
        check_text("Text.text", self.text)


class Button(Component, frozen=True, tag="button"):
    """A button; it submits the canvas unless it has another action."""

    label: str
    id: str
    # Always sent: a button without an action is refused.
    action: AnyAction = msgspec.field(default_factory=SubmitAction)
    style: Literal["primary", "secondary", "link"] = "primary"
    disabled: bool = False

    def __post_init__(self) -> None:
        """Check label and id."""
        check_text("Button.label", self.label)
        check_text("Button.id", self.id)


class Input(Component, frozen=True, tag="input"):
    """One line of text; with an action it has a button of its own."""

    id: str
    label: str | None = None
    placeholder: str | None = None
    value: str | None = None
    action: AnyAction | None = None
    save_state: SaveState = "unsaved"
    disabled: bool = False

    def __post_init__(self) -> None:
        """Check the id."""
        check_text("Input.id", self.id)


class TextArea(Component, frozen=True, tag="textarea"):
    """Several lines of text."""

    id: str
    label: str | None = None
    placeholder: str | None = None
    value: str | None = None
    error: bool = False
    disabled: bool = False

    def __post_init__(self) -> None:
        """Check the id."""
        check_text("TextArea.id", self.id)


class Dropdown(Component, frozen=True, tag="dropdown"):
    """One answer out of a list that unfolds."""

    id: str
    options: list[Option]
    label: str | None = None
    value: str | None = None
    """Id of the option that is selected."""
    save_state: SaveState = "unsaved"
    disabled: bool = False

    def __post_init__(self) -> None:
        """Check id and options."""
        check_text("Dropdown.id", self.id)
        check_options("Dropdown", self.options, self.value)


class SingleSelect(Component, frozen=True, tag="single-select"):
    """One answer out of a row of buttons."""

    id: str
    options: list[Option]
    label: str | None = None
    value: str | None = None
    """Id of the option that is selected."""
    save_state: SaveState = "unsaved"
    disabled: bool = False
    action: AnyAction | None = None

    def __post_init__(self) -> None:
        """Check id and options."""
        check_text("SingleSelect.id", self.id)
        check_options("SingleSelect", self.options, self.value)


class Checkbox(Component, frozen=True, tag="checkbox"):
    """Any number of answers."""

    id: str
    # The API's name; other components say ``options``.
    options: list[Option] = msgspec.field(name="option")
    label: str
    value: list[str] | None = None
    """Ids of the options that are ticked."""
    save_state: SaveState = "unsaved"
    disabled: bool = False

    def __post_init__(self) -> None:
        """Check id, label and options."""
        check_text("Checkbox.id", self.id)
        check_text("Checkbox.label", self.label)
        check_options("Checkbox", self.options, *(self.value or ()))


class ListItem(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="item"):
    """One row of a `List`."""

    id: str
    title: str
    subtitle: str | None = None
    tertiary_text: str | None = None
    image: str | None = None
    """Address of a picture; needs width and height."""
    image_width: int | None = None
    """Pixels."""
    image_height: int | None = None
    """Pixels."""
    rounded_image: bool = False
    disabled: bool = False
    action: AnyAction | None = None

    def __post_init__(self) -> None:
        """Check id, title and picture."""
        check_text("ListItem.id", self.id)
        check_text("ListItem.title", self.title)
        if self.image is not None:
            check_url("ListItem.image", self.image)
            check_pixels("ListItem.image_width", self.image_width)
            check_pixels("ListItem.image_height", self.image_height)


class List(Component, frozen=True, tag="list"):
    """Rows of text and pictures that can be touched."""

    items: list[ListItem]
    disabled: bool = False

    def __post_init__(self) -> None:
        """Check that there are rows."""
        check_some("List.items", self.items)


class Image(Component, frozen=True, tag="image"):
    """A picture."""

    url: str
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    id: str | None = None
    align: Literal["left", "center", "right", "full_width"] = "left"
    rounded: bool = False
    bottom_margin: Literal["none"] | None = None
    action: UrlAction | None = None

    def __post_init__(self) -> None:
        """Check address and size."""
        check_url("Image.url", self.url)
        check_pixels("Image.width", self.width)
        check_pixels("Image.height", self.height)


class DataTableItem(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="field-value"
):
    """One row of a `DataTable`."""

    field: str
    value: str

    def __post_init__(self) -> None:
        """Check the name of the row."""
        check_text("DataTableItem.field", self.field)


class DataTable(Component, frozen=True, tag="data-table"):
    """Names and values in two columns."""

    items: list[DataTableItem]

    def __post_init__(self) -> None:
        """Check that there are rows."""
        check_some("DataTable.items", self.items)


class Spacer(Component, frozen=True, tag="spacer"):
    """Vertical space between components."""

    size: Literal["xs", "s", "m", "l", "xl"] = "m"
    id: str | None = None


class Divider(Component, frozen=True, tag="divider"):
    """A line between components."""

    id: str | None = None
    bottom_margin: Literal["none"] | None = None


AnyComponent: TypeAlias = (
    Button
    | Checkbox
    | DataTable
    | Divider
    | Dropdown
    | Image
    | Input
    | List
    | SingleSelect
    | Spacer
    | Text
    | TextArea
)


def check_text(name: str, value: object) -> None:
    """Refuse a text that is missing or blank.

    Raises:
        ConfigError: It is.
    """
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{name} must be a text that is not empty")


def check_some(name: str, values: object) -> None:
    """Refuse an empty list.

    Raises:
        ConfigError: It is no list, or empty.
    """
    if not isinstance(values, list) or not values:
        raise ConfigError(f"{name} must be a list with at least one entry")


def check_url(name: str, value: object) -> None:
    """Refuse an address that Intercom does not open; http is accepted for loopback only.

    Raises:
        ConfigError: It does not begin with ``https://``.
    """
    loopback = ("http://127.0.0.1", "http://localhost", "http://[::1]")
    if not isinstance(value, str) or not value.startswith(("https://", *loopback)):
        raise ConfigError(f"{name} must be an address that begins with https://")


def check_pixels(name: str, value: object) -> None:
    """Refuse a size that no picture has.

    Raises:
        ConfigError: It is not a whole number above 0.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{name} must be a whole number of pixels from 1 up")


def check_options(name: str, options: list[Option], *selected: str | None) -> None:
    """Refuse options that are missing or not told apart by their ids.

    Raises:
        ConfigError: There are none, two have one id, or one that is selected does not exist.
    """
    check_some(f"{name}.options", options)
    ids = [getattr(option, "id", None) for option in options]
    if len(set(ids)) < len(ids):
        raise ConfigError(f"{name}.options must have different ids")
    if not {one for one in selected if one is not None} <= set(ids):
        raise ConfigError(f"{name}.value must be the id of an option")
