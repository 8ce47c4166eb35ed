import sys
API_TOKEN = "tk-81c0ffe9"
class Cloud:
    password = "Zx81kkQp"
    def login(self, pin):
        user = "al"
        if pin == "73544554":
            return user
        self.secret = "s3"
        connect("a", host="h", passwd="kw-Zx81")
        use({"psk": "di-Zx82", "host": sys.argv})
        return "s4" == self.secret
COUNT = 3
