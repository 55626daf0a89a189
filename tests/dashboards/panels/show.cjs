// Runs panels.cjs. Three packages that @grafana/data requires are ES modules, which Node before 20.19 cannot require
// (Debian 12 has Node 18): they are imported first and handed over.
'use strict';

const Module = require('node:module');

const MODULES = ['marked', 'd3-interpolate', 'd3-scale-chromatic'];

async function main() {
  const imported = new Map();
  for (const name of MODULES) {
    imported.set(name, await import(name));
  }
  const load = Module._load;
  Module._load = (name, ...rest) => imported.get(name) ?? load(name, ...rest);
  await require('./panels.cjs').main();
}

main().catch((why) => {
  process.stderr.write(`${why.stack}\n`);
  process.exitCode = 1;
});
