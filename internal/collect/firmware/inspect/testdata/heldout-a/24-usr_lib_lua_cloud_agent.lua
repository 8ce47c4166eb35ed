local http = require "socket.http"
local M = {}
M.server = "agent.orchard-iot.io"
M.port = 9001
M.username = "agent"
M.password = "T0oN38OvB"
local token = nil
local key = conf.get("key")
if password == "changed" then return end
return M
