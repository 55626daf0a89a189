// Runs M-Lab's own client, as it is published, against one server, and prints what it reports as one JSON object.
// node ndt7_node.cjs FOLDER_OF_ITS_SOURCES HOST:PORT ACCESS_TOKEN
'use strict';
const {Worker: Thread} = require('node:worker_threads');
const path = require('node:path');

const SOCKETS = require.resolve('ws');
const [, , folder, server, token] = process.argv;

// What browsers have and Debian's Node lacks: a WebSocket, which npm's ws gives, and a Worker whose script finds self, onmessage and postMessage.
global.Worker = class {
  constructor(file) {
    const script = `
      const {parentPort} = require('node:worker_threads');
      globalThis.self = globalThis;
      globalThis.WebSocket = require(${JSON.stringify(SOCKETS)});
      globalThis.postMessage = (message) => parentPort.postMessage(message);
      parentPort.on('message', (data) => self.onmessage({data}));
      require('node:vm').runInThisContext(require('node:fs').readFileSync(${JSON.stringify(file)}, 'utf8'));`;
    this.thread = new Thread(script, {eval: true});
    this.thread.on('message', (data) => this.onmessage({data}));
  }
  postMessage(data) {
    this.thread.postMessage(data);
  }
  terminate() {
    this.thread.terminate();
  }
};

const ndt7 = require(path.join(folder, 'ndt7.js'));
const seen = {errors: [], measurements: {client: 0, server: 0}};
const count = ({Source}) => (seen.measurements[Source] += 1);
const config = {
  server,
  protocol: 'ws',
  mlabDataPolicyInapplicable: true,
  downloadworkerfile: path.join(folder, 'ndt7-download-worker.js'),
  uploadworkerfile: path.join(folder, 'ndt7-upload-worker.js'),
  metadata: token ? {client_name: 'sansang-tests', access_token: token} : {client_name: 'sansang-tests'},
};
ndt7.test(config, {
  error: (why) => seen.errors.push(String(why)),
  downloadMeasurement: count,
  uploadMeasurement: count,
  downloadComplete: (data) => (seen.download = data),
  uploadComplete: (data) => (seen.upload = data),
}).then((code) => {
  console.log(JSON.stringify({...seen, code}));
  process.exit(0);
});
