"""Canvas Kit: apps inside the Messenger and the inbox.

    canvas = CanvasKit(secret=CLIENT_SECRET)

    @canvas.initialize
    async def start(request: InitializeRequest) -> Canvas:
        return Canvas([Text("Order 12"), Button("Refund", id="refund")])

    @canvas.submit("refund")
    async def refund(request: SubmitRequest) -> Canvas: ...

    app.mount("/canvas", canvas.asgi())

`components` are what a canvas is made of, `requests` what handlers are given, `responses` what they
return. Every request is verified before a handler sees it.
"""

from .components import (
    AnyAction,
    AnyComponent,
    Button,
    Checkbox,
    Component,
    DataTable,
    DataTableItem,
    Divider,
    Dropdown,
    Image,
    Input,
    List,
    ListItem,
    Option,
    SheetAction,
    SingleSelect,
    Spacer,
    SubmitAction,
    Text,
    TextArea,
    UrlAction,
)
from .kit import CanvasKit
from .requests import (
    CanvasRequest,
    ConfigureRequest,
    Context,
    InitializeRequest,
    LiveCanvasRequest,
    SheetRequest,
    ShownCanvas,
    SubmitRequest,
    SubmitSheetRequest,
)
from .responses import Canvas, Results, Submitted

__all__ = [
    "AnyAction",
    "AnyComponent",
    "Button",
    "Canvas",
    "CanvasKit",
    "CanvasRequest",
    "Checkbox",
    "Component",
    "ConfigureRequest",
    "Context",
    "DataTable",
    "DataTableItem",
    "Divider",
    "Dropdown",
    "Image",
    "InitializeRequest",
    "Input",
    "List",
    "ListItem",
    "LiveCanvasRequest",
    "Option",
    "Results",
    "SheetAction",
    "SheetRequest",
    "ShownCanvas",
    "SingleSelect",
    "Spacer",
    "SubmitAction",
    "SubmitRequest",
    "SubmitSheetRequest",
    "Submitted",
    "Text",
    "TextArea",
    "UrlAction",
]
