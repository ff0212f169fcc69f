async for state in intercom.ticket_states.list():
    print(state.internal_label)
