return {
  system = { name = "Merle", root_password = "Pk7u0oyj", ssh_port = 22 },
  smtp = { server = "mx.merle-mail.com", port = 465, user = "alert", pass = "Tz8dnmT5W" },
  help = "https://www.merle-help.com/faq",
}
