package refcam

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"strconv"
	"strings"
)

// loginPage is what a browser sees first. The title stands unescaped in it:
// it is ours, and with AnsiAndBidiTitle it is meant to be hostile.
func loginPage(title string) string {
	return strings.ReplaceAll(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TITLE</title>
<link rel="stylesheet" href="/style.css">
<script src="/app.js" defer></script>
</head>
<body>
<main>
<h1>Lumi Cam 2</h1>
<form id="login" method="post" action="/api/login">
<label>Name <input name="user" autocomplete="username" required maxlength="32"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="128"></label>
<button type="submit">Log in</button>
<p id="message" role="status"></p>
</form>
</main>
</body>
</html>
`, "TITLE", title)
}

const loginScript = `"use strict";
const form = document.getElementById("login");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const message = document.getElementById("message");
  const answer = await fetch("/api/login", {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({user: form.user.value, password: form.password.value}),
  });
  const body = await answer.json();
  message.textContent = answer.ok ? "Logged in as " + body.user + "." : body.error;
});
`

const loginStyle = `body { font: 16px/1.5 sans-serif; margin: 2rem; }
form { display: grid; gap: 1rem; max-width: 20rem; }
input, button { font: inherit; width: 100%; box-sizing: border-box; }
`

// snapshot answers with a picture as the sensor could have taken it in the
// dark: a grey ramp.
func (w *web) snapshot(rw http.ResponseWriter, _ *http.Request, _ *account) {
	img := image.NewGray(image.Rect(0, 0, 160, 90))
	for y := range 90 {
		for x := range 160 {
			img.SetGray(x, y, color.Gray{Y: uint8(x + y)})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		refuse(rw, http.StatusInternalServerError, "no picture")
		return
	}
	rw.Header().Set("Content-Type", "image/jpeg")
	rw.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	rw.Write(b.Bytes()) // an error means that the client left
}
