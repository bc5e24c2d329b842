import { createServer } from "node:net";

const listen = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
const servers = await Promise.all([listen(createServer()), listen(createServer())]);
console.log(...servers.map((server) => server.address().port));
servers.forEach((server) => server.close());
