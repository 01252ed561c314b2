/**
 * Verifiers and issuers of others behind one pipe: a JSON request a line on stdin, a JSON answer a line on stdout.
 *
 *   {"id": 1, "call": "digitalbazaar" | "verifier-core", "credential": {...}}         -> {"id", "accepted", "why"}
 *   {"id": 2, "call": "issue", "suite": "eddsa-rdfc-2022", "credential": {...}}        -> {"id", "issued"}
 *   {"id": 3, "call": "suites"}                                                       -> {"id", "suites"}
 *
 * Nothing leaves the machine: contexts come from packages, status lists from loopback, the schemas that verifier-core
 * would fetch from the folder named as the first argument (none: it is told that they are not to be had).
 */
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as ecdsaRdfc from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as eddsaRdfc from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {CachedResolver} from '@digitalbazaar/did-io';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {driver as didKeyDriver} from '@digitalbazaar/did-method-key';
import {Ed25519Signature2020} from '@digitalcredentials/ed25519-signature-2020';
import {Ed25519VerificationKey2020} from '@digitalcredentials/ed25519-verification-key-2020';
import {securityLoader} from '@digitalcredentials/security-document-loader';
import {verifyCredential} from '@digitalcredentials/verifier-core';
import {createInterface} from 'node:readline';
import {readFile} from 'node:fs/promises';

const SUITES = {
  'eddsa-rdfc-2022': {module: eddsaRdfc, key: () => Ed25519Multikey.generate()},
  'eddsa-jcs-2022': {module: eddsaJcs, key: () => Ed25519Multikey.generate()},
  'ecdsa-rdfc-2019': {module: ecdsaRdfc, key: () => EcdsaMultikey.generate({curve: 'P-256'})},
  'ecdsa-rdfc-2019-p384': {module: ecdsaRdfc, key: () => EcdsaMultikey.generate({curve: 'P-384'})},
  'ecdsa-jcs-2019': {module: ecdsaJcs, key: () => EcdsaMultikey.generate({curve: 'P-256'})},
  'ecdsa-jcs-2019-p384': {module: ecdsaJcs, key: () => EcdsaMultikey.generate({curve: 'P-384'})},
};
const OLD_SUITE = 'Ed25519Signature2020';
const SCHEMAS = /^https:\/\/purl\.imsglobal\.org\/spec\/ob\/v3p0\/schema\/json\/(ob_v3p0_[a-z]+_schema\.json)$/;
const LOOPBACK = /^https?:\/\/(127\.0\.0\.1|localhost)[:/]/;
const schemaFolder = process.argv[2];

// The program answers on stdout: what the libraries print goes to stderr.
console.log = console.error;
guardFetch();
const documentLoader = loader();

for await (const line of createInterface({input: process.stdin})) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = await handle(request);
  } catch(error) {
    answer = {failed: String(error?.stack ?? error)};
  }
  process.stdout.write(JSON.stringify({id: request.id, ...answer}) + '\n');
}

async function handle(request) {
  switch(request.call) {
    case 'suites': return {suites: [...Object.keys(SUITES), OLD_SUITE]};
    case 'issue': return {issued: await issue(request)};
    case 'digitalbazaar': return digitalBazaar(request.credential);
    case 'verifier-core': return verifierCore(request.credential);
    default: throw new Error(`unknown call ${request.call}`);
  }
}

async function issue({suite: name, credential}) {
  const {suite, did} = name === OLD_SUITE ? await oldSuite() : await newSuite(name);
  const issuer = typeof credential.issuer === 'object' ? {...credential.issuer, id: did} : did;
  return vc.issue({credential: {...credential, issuer}, suite, documentLoader});
}

async function newSuite(name) {
  const {module, key} = SUITES[name];
  const pair = await key();
  const did = `did:key:${publicMultibase(await pair.export({publicKey: true}))}`;
  pair.id = `${did}#${did.slice('did:key:'.length)}`;
  pair.controller = did;
  const cryptosuite = module.cryptosuite ?? module.createSignCryptosuite();
  return {did, suite: new DataIntegrityProof({signer: pair.signer(), cryptosuite})};
}

async function oldSuite() {
  const key = await Ed25519VerificationKey2020.generate();
  const did = `did:key:${key.publicKeyMultibase}`;
  key.id = `${did}#${key.publicKeyMultibase}`;
  key.controller = did;
  return {did, suite: new Ed25519Signature2020({key})};
}

function publicMultibase(exported) {
  return exported.publicKeyMultibase;
}

async function digitalBazaar(credential) {
  const suite = Object.values(SUITES).map(({module}) =>
    new DataIntegrityProof({cryptosuite: module.cryptosuite ?? module.createVerifyCryptosuite()}));
  const status = credential.credentialStatus === undefined ? {} :
    {checkStatus: options => checkStatus({...options, suite, documentLoader})};
  const result = await vc.verifyCredential({credential, suite, documentLoader, ...status});
  if(!result.verified) {
    return {accepted: false, why: reasons(result.error)};
  }
  // That the list could be read is what its checker calls verified; what stands in it is told apart.
  const set = (result.statusResult?.results ?? []).filter(entry => entry.status);
  return {accepted: set.length === 0, why: set.map(entry => JSON.stringify(entry.credentialStatus)).join('; ')};
}

async function verifierCore(credential) {
  const result = await verifyCredential({credential, knownDIDRegistries: []});
  const failed = [
    ...(result.errors ?? []).map(error => `${error.name}: ${error.message}`),
    ...(result.log ?? []).filter(step => step.valid !== true && step.id !== 'registered_issuer')
      .map(step => `${step.id}: ${JSON.stringify(step.error ?? step.valid)}`),
    ...(result.additionalInformation ?? []).flatMap(schemaProblems),
  ];
  const signed = (result.log ?? []).some(step => step.id === 'valid_signature' && step.valid === true);
  return {accepted: signed && failed.length === 0, why: failed.join('; ')};
}

function schemaProblems({id, results}) {
  if(id !== 'schema_check') {
    return [];
  }
  if(!Array.isArray(results)) {
    return [`schema: ${results}`];
  }
  return results.filter(({result}) => !result.valid).map(({result}) => `schema: ${JSON.stringify(result.errors)}`);
}

function reasons(error) {
  return [error, ...(error?.errors ?? [])].map(item => item?.cause?.message ?? item?.message).join('; ');
}

function loader() {
  const resolver = new CachedResolver();
  const keys = didKeyDriver();
  keys.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});
  keys.use({multibaseMultikeyHeader: 'zDna', fromMultibase: EcdsaMultikey.from});
  keys.use({multibaseMultikeyHeader: 'z82L', fromMultibase: EcdsaMultikey.from});
  resolver.use(keys);
  const made = securityLoader({fetchRemoteContexts: true});
  made.setDidResolver(resolver);
  return made.build();
}

function guardFetch() {
  const open = globalThis.fetch;
  globalThis.fetch = async (resource, options) => {
    const url = typeof resource === 'string' ? resource : resource.url;
    const schema = SCHEMAS.exec(url);
    if(schema && schemaFolder) {
      return new Response(await readFile(`${schemaFolder}/${schema[1]}`), {headers: {'content-type': 'application/json'}});
    }
    if(!LOOPBACK.test(url)) {
      throw new Error(`not fetched: ${url}`);
    }
    return open(resource, options);
  };
}
