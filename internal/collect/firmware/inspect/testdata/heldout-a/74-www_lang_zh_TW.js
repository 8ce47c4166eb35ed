var L={"password":"密碼","wpa_key":"無線金鑰","passwd2":"再次輸入密碼","Key":"按鍵","auth":"驗證"};
