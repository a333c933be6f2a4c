// Loaded before the suite's server, which would listen on every address of the machine: here it listens on loopback.
const { Server } = require('node:net')

const listen = Server.prototype.listen
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, { host: '127.0.0.1', port: Number(port) }, ...rest)
}
