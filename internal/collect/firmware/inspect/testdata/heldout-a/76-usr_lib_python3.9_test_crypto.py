import unittest
class TestAES(unittest.TestCase):
    KEY = "000102030405060708090a0b0c0d0e0f"
    def test_known_password(self):
        self.assertEqual(pbkdf2("password", "salt", 1), "120fb6cffcf8b32c43e7225256c4f837a86548c9")
