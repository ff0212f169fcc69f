from intercom_async import F

me = await intercom.admins.me()
async for conversation in intercom.conversations.search(F.state == "open", per_page=20):
    await intercom.conversations.reply(conversation.id, admin_id=me.id, body="We are on it.")
    await intercom.conversations.close(conversation.id, admin_id=me.id)
