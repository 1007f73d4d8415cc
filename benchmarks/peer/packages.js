'use strict'
// Segment's packages out of the cache folder that PEER_MODULES names. Their files are asked for by path, because the
// functions that are measured alone are not among what the packages export.
const path = require('path')

const core = (...parts) => path.join(process.env.PEER_MODULES, '@segment', 'actions-core', 'dist', 'cjs', ...parts)
const lazily = (load) => { let loaded; return () => (loaded ??= load()) }

module.exports = {
  core: lazily(() => require(core('index.js'))),
  transform: lazily(() => require(core('mapping-kit', 'index.js')).transform),
  removeEmptyValues: lazily(() => require(core('remove-empty-values.js')).removeEmptyValues),
  validateSchema: lazily(() => require(core('schema-validation.js')).validateSchema),
  fieldsToJsonSchema: lazily(() => require(core('destination-kit', 'fields-to-jsonschema.js')).fieldsToJsonSchema),
  subscriptions: lazily(() => require(path.join(process.env.PEER_MODULES, '@segment', 'destination-subscriptions'))),
  studio: lazily(() => require(path.join(
    process.env.PEER_MODULES, '@segment', 'action-destinations', 'dist', 'destinations', 'twilio-studio', 'index.js'
  )).default)
}
