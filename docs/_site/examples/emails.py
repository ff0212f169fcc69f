newest = intercom.with_options(version="2.16")
async for email in newest.emails.list():
    print(email.id)
