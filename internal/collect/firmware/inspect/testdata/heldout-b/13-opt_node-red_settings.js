module.exports = {
    uiPort: process.env.PORT || 1880,
    credentialSecret: "lIaKEoRAj2Ruwl6ZyH",
    adminAuth: {
        type: "credentials",
        users: [{ username: "admin", password: "$2b$08$qWt6Ggr5CzOSJKAmGa6AomBwSiQ7w18xprlwNosS5ISpDsYkgR9ow", permissions: "*" }]
    },
    //httpNodeAuth: {user:"user",pass:"$2a$08$zZWtXTja0fB1pzD4sHCMyOCMYz2Z6dNbM6tl8sJogENOMcxWV9DN."},
    functionGlobalContext: {},
}
