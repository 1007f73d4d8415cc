'use strict'
// Sends whatever the packages' HTTP client (node-fetch over https) asks for to the mock, with the headers it made. Only
// the address and the TLS are taken away; with keepAlive, connections are kept, which the packages do not ask for.
const http = require('http')
const https = require('https')

module.exports = function toLoopback(port, keepAlive) {
  const agent = keepAlive ? new http.Agent({ keepAlive: true }) : undefined
  https.request = (options, callback) => {
    const headers = { ...options.headers, Host: options.hostname || options.host }
    if (agent) delete headers.Connection
    const { path, method } = options
    return http.request({ hostname: '127.0.0.1', port, path, method, headers, ...(agent && { agent }) }, callback)
  }
}
