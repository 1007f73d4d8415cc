'use strict'
// What is measured, one function a case: takes the job, gives { once, check } where once() handles one event (or `per`
// of them), and check() the result that the other side must have too.
const packages = require('./packages')
const toLoopback = require('./loopback')

const SILENT = { label: 'API Key', description: 'k', type: 'password', required: true }
const VALIDATION = { schemaKey: 'bench:payload', exempt: ['dynamicAuthSettings'] }
const MEMBERS = 'abcdefghijklmnopqrstuvwxyz'

let kept // the last payload that a perform was given

function shop({ fields }, extra = {}) {
  const { Destination } = packages.core()
  const perform = (_request, { payload }) => { kept = payload }
  const action = { title: 'Order completed', description: 'd', fields, perform, ...extra }
  const authentication = { scheme: 'custom', fields: { apiKey: SILENT } }
  return new Destination({ name: 'Shop', mode: 'cloud', authentication, actions: { orderCompleted: action } })
}

function fql({ inputs }) {
  const { parseFql, validate } = packages.subscriptions()
  const matches = () => validate(parseFql(inputs.subscription.subscribe), inputs.event)
  return { synchronous: true, once: matches, check: matches }
}

function mapping({ inputs }) {
  const transform = packages.transform()
  const mapped = () => transform(inputs.mapping, inputs.event)
  return { synchronous: true, once: mapped, check: mapped }
}

function validation({ inputs }) {
  const validateSchema = packages.validateSchema()
  const schema = packages.fieldsToJsonSchema()(inputs.fields)
  const once = (payload) => validateSchema(payload, schema, VALIDATION)
  const fresh = () => structuredClone(inputs.mapped)
  return { fresh, once, check: () => { const payload = fresh(); once(payload); return payload } }
}

function pipeline({ inputs }) {
  const transform = packages.transform()
  const [parse, validate] = [packages.subscriptions().parseFql, packages.subscriptions().validate]
  const [clean, validateSchema] = [packages.removeEmptyValues(), packages.validateSchema()]
  const schema = packages.fieldsToJsonSchema()(inputs.fields)
  const payload = () => {
    if (!validate(parse(inputs.subscription.subscribe), inputs.event)) throw new Error('does not match')
    const cleaned = clean(transform(inputs.mapping, inputs.event), schema, true)
    validateSchema(cleaned, schema, VALIDATION)
    return cleaned
  }
  return { synchronous: true, once: payload, check: payload }
}

function event({ inputs, event: given, subscriptions = 1 }) {
  const destination = shop(inputs)
  const one = { ...inputs.subscription, mapping: inputs.mapping }
  const others = Array.from({ length: subscriptions - 1 }, (_, n) => ({
    ...one, subscribe: `type = "track" and event = "Other ${n}"`
  }))
  const settings = { apiKey: 'secret', subscriptions: [...others, one] }
  const once = () => destination.onEvent(given ?? inputs.event, settings)
  return { once, check: async () => { kept = undefined; await once(); return kept ?? null } }
}

function unmatched(job) {
  return event({ ...job, event: { ...job.inputs.event, event: 'Product Viewed' } })
}

function sized(job) {
  return event({ ...job, event: grown(job.inputs.event, job.bytes) })
}

// The event cut down or filled up with traits of 100 characters until it is about so many bytes of JSON.
function grown(given, bytes) {
  const { context, ...slim } = given
  const made = bytes < 2000 ? { ...slim, context: { page: context.page, traits: { email: context.traits.email } } } : structuredClone(given)
  if (bytes < 2000) made.properties = { ...made.properties, products: made.properties.products.slice(0, 1) }
  const filling = {}
  for (let n = 0; JSON.stringify(made).length + n * 116 < bytes; n++) filling[`trait_${n}`] = MEMBERS.repeat(4).slice(0, 100)
  made.context = { ...made.context, filling }
  return made
}

function batch({ inputs, per }) {
  const seen = { count: 0 }
  const performBatch = (_request, { payload }) => { seen.count += payload.length; kept = payload[0] }
  const destination = shop(inputs, { performBatch })
  const settings = { apiKey: 'secret', subscription: { ...inputs.subscription, mapping: inputs.mapping } }
  const events = Array.from({ length: per }, () => inputs.event)
  const once = () => destination.onBatch(events, settings)
  return { once, check: async () => { await once(); return kept } }
}

function studio({ inputs, port, keepAlive }) {
  toLoopback(port, keepAlive)
  const destination = new (packages.core().Destination)(packages.studio())
  let number = 0
  const once = async () => {
    const userId = `user-${process.pid}-${number++}`
    const results = await destination.onEvent({ ...inputs.studio_event, userId }, inputs.studio_settings)
    if (results.some(({ output }) => /skip|error/i.test(output))) throw new Error(JSON.stringify(results))
    if (destination.responses.length > 512) destination.responses.length = 0
  }
  return { once, check: async () => { await once(); return 'sent' } }
}

// Events whose perform does not end: what one of them holds in memory.
function pending({ inputs }) {
  const destination = shop(inputs, { perform: () => new Promise(() => {}) })
  const settings = { apiKey: 'secret', subscription: { ...inputs.subscription, mapping: inputs.mapping } }
  const text = JSON.stringify(inputs.event)
  const begin = (count) => { for (let n = 0; n < count; n++) destination.onEvent(JSON.parse(text), settings) }
  return { begin, once: () => destination.onEvent(inputs.event, settings), check: () => 'pending' }
}

module.exports = { fql, mapping, validation, pipeline, event, unmatched, sized, batch, studio, pending }
