"""A Canvas Kit app for the inbox: shows a contact's last order and refunds it.

pip install . uvicorn  # from a checkout
INTERCOM_CLIENT_SECRET=… uvicorn canvas_app:app

In the Developer Hub: Initialize flow …/initialize, Submit flow …/submit.
"""

import os

from intercom_async.canvas import (
    Button,
    Canvas,
    CanvasKit,
    DataTable,
    DataTableItem,
    InitializeRequest,
    Input,
    SubmitRequest,
    Submitted,
    Text,
)

ORDERS = {"ada@example.com": {"number": "12", "total": "30.00"}}  # your database

canvas = CanvasKit(os.environ["INTERCOM_CLIENT_SECRET"])


@canvas.initialize
async def show(request: InitializeRequest) -> Canvas:
    """Show the last order of the contact that the teammate looks at."""
    order = ORDERS.get((request.contact and request.contact.email) or "")
    if order is None:
        return Canvas([Text("No orders", style="muted")])
    return Canvas(
        [
            Text(f"Order {order['number']}", style="header"),
            DataTable([DataTableItem("Total", order["total"])]),
            Input("reason", label="Why a refund?"),
            Button("Refund", id="refund"),
        ],
        stored_data={"number": order["number"]},
    )


@canvas.submit("refund")
async def refund(request: SubmitRequest) -> Canvas | Submitted:
    """Refund the order that was shown; ask again without a reason."""
    reason = request.input_values.get("reason")
    if not reason:
        number = request.stored_data.get("number")
        again = [Text("A reason is needed", style="error"), Button("Back", id="back")]
        return Canvas(again, stored_data={"number": number})
    done = Canvas([Text(f"Order {request.stored_data['number']} refunded")])
    return Submitted(done, is_completed=True)


@canvas.submit  # any other component
async def back(request: SubmitRequest) -> Canvas:
    return await show(InitializeRequest(contact=request.contact))


app = canvas.asgi()
