async for kind in intercom.subscription_types.list():
    print(kind.id, kind.consent_type)
