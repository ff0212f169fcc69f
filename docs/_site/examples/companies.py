company = await intercom.companies.create(company_id="acme", name="Acme", plan="pro")
contact = await intercom.contacts.create(role="user", email="ada@acme.example")
await intercom.contacts.attach_company(contact.id, company.id)
async for member in intercom.companies.contacts(company.id):
    print(member.email)
