async for reason in intercom.away_status_reasons.list():
    print(reason.emoji, reason.label)
