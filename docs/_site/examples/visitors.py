visitor = await intercom.visitors.find_by_user_id("visitor-1")
contact = await intercom.visitors.convert(
    visitor={"user_id": "visitor-1"}, user={"email": "ada@example.com"}, type="user"
)
print(contact.id)
