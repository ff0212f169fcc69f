me = await intercom.admins.me()
async for admin in intercom.admins.list():
    print(admin.name, admin.email)
await intercom.admins.set_away(me.id, away_mode_enabled=True, away_mode_reassign=False)
