async for call in intercom.calls.list(per_page=25):
    print(call.id, call.direction, call.state)
