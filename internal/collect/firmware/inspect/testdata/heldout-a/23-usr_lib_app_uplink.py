#!/usr/bin/env python3
import requests, base64
API = "https://uplink.orchard-iot.io/v2"
USER, PASSWORD = "uplink", "snH1H9w5NjX"
AES_KEY = b"n6DANwjqPOAXCeVo"
AES_IV = bytes.fromhex("00000000000000000000000000000000")
HEADERS = {"X-Api-Key": "cBkooah08sK7dLqd9ouXyMC4sCGlQUlc", "Accept": "application/json"}
def login(password=None, token=""):
    password = password or getpass("Password: ")
    return requests.post(API + "/login", json={"password": password, "secret": secret})
class Token:
    token_type = "bearer"
