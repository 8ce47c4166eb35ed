window.CONF = {
  api: '//web-api.merle-cloud.com/v1',
  "stun": [{urls: 'stun:stun.merle-cloud.com:3478'}, {urls: 'turn:203.0.113.99:3478', username: 'webrtc', credential: 'SSmK7FV3frHTTK'}],
  googleMapKey: 'AIzagGdjcO9c5ynqyUzfjpQpO7rLkEcdzv72yDq',
  loginTip: 'Password: 6-20 characters', pwdPlaceholder: 'Password1',
  defaultUser: 'admin', defaultPwd: 'ot30im7'
};
