'use strict'
// The peer's side of the benchmarks: reads a job on each line of its input, writes the result as a line of JSON.
//   {"case": "fql", "do": "open" | "check" | "measure" | "memory", "seconds": 1, "concurrency": 1, ...}
// Measured are wall-clock seconds and seconds of processor time (user and system, helper threads included).
process.env.TZ = 'UTC'
const readline = require('readline')
const cases = require('./cases')

const BLOCK = 64
let work

const opened = (job) => { work = cases[job.case](job); return { node: process.version } }
const now = () => Number(process.hrtime.bigint()) / 1e9
const spent = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6 }

async function measured({ seconds, concurrency = 1, per = 1 }) {
  if (work.fresh) return freshly(seconds)
  const [cpu, start] = [spent(), now()]
  const end = start + seconds
  let events = 0
  if (work.synchronous) {
    while (now() < end) { for (let n = 0; n < BLOCK; n++) work.once(); events += BLOCK }
  } else {
    const worker = async () => { while (now() < end) { await work.once(); events += per } }
    await Promise.all(Array.from({ length: concurrency }, worker))
  }
  return { events, wall: now() - start, cpu: spent() - cpu }
}

// For work that changes what it is given: the copies are made outside of what is measured.
function freshly(seconds) {
  const sum = { events: 0, wall: 0, cpu: 0 }
  while (sum.wall < seconds) {
    const items = Array.from({ length: 2000 }, work.fresh)
    const [cpu, start] = [spent(), now()]
    for (const item of items) work.once(item)
    sum.wall += now() - start
    sum.cpu += spent() - cpu
    sum.events += items.length
  }
  return sum
}

// Bytes of resident memory that each of so many pending events adds.
async function memory({ count }) {
  work.begin(200)
  await new Promise((done) => setTimeout(done, 200))
  global.gc?.()
  const before = process.memoryUsage().rss
  work.begin(count)
  await new Promise((done) => setTimeout(done, 300))
  global.gc?.()
  return { bytes: (process.memoryUsage().rss - before) / count }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const job = JSON.parse(line)
    const steps = { open: opened, check: async () => ({ result: await work.check() }), measure: measured, memory }
    let answer
    try { answer = await steps[job.do](job) } catch (error) { answer = { error: String(error.stack || error) } }
    process.stdout.write(JSON.stringify(answer) + '\n')
  }
}

main()
