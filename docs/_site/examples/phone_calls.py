switch = await intercom.phone_calls.redirect(phone="+12025550100")
print(switch.phone)
