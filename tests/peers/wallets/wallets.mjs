// Other people's wallets, for tests: one JSON object a line in, one a line out. The packages are in the folder that is
// the first argument.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.argv[2]}/node_modules/`);
const { ethers } = require('ethers');
const { SiweMessage } = require('siwe');

// By path: a package need not export its artifacts.
const artifact = name => JSON.parse(readFileSync(`${process.argv[2]}/node_modules/${name}`, 'utf8'));
const safeArtifact = path => artifact(`@safe-global/safe-smart-account/build/artifacts/contracts/${path}.json`);
const registryArtifact = artifact('ethr-did-registry/artifacts/contracts/EthereumDIDRegistry.sol/EthereumDIDRegistry.json');
const Safe = safeArtifact('Safe.sol/Safe');
const Factory = safeArtifact('proxies/SafeProxyFactory.sol/SafeProxyFactory');
const Handler = safeArtifact('handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler');

const nonces = new Map();
const ownerOf = ({ rpc, key }) => {
    const provider = new ethers.JsonRpcProvider(rpc, undefined, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 100 });
    return new ethers.NonceManager(new ethers.Wallet(key, provider));
};
const owner = request => {
    const id = `${request.rpc} ${request.key}`;
    if (!nonces.has(id)) nonces.set(id, ownerOf(request));
    return nonces.get(id);
};
const deploy = async (signer, { abi, bytecode }) => {
    const contract = await new ethers.ContractFactory(abi, bytecode, signer).deploy();
    await contract.waitForDeployment();
    return contract;
};

const commands = {
    // A message as siwe writes it.
    write: ({ fields }) => new SiweMessage(fields).prepareMessage(),

    // What siwe reads of a message; null where it reads nothing.
    read: ({ message }) => {
        try {
            const { domain, scheme, address, statement, uri, version, chainId, nonce, issuedAt, expirationTime, notBefore, requestId, resources } = new SiweMessage(message);
            return { domain, scheme, address, statement, uri, version, chainId, nonce, issuedAt, expirationTime, notBefore, requestId, resources };
        } catch {
            return null;
        }
    },

    // ethers' personal_sign.
    sign: ({ key, message }) => new ethers.Wallet(key).signMessage(message),

    // A Safe of one owner, and a registry of delegates.
    deploy: async request => {
        const signer = owner(request);
        const [singleton, factory, handler, registry] =
            await Promise.all([Safe, Factory, Handler, registryArtifact].map(each => deploy(signer, each)));
        const setup = singleton.interface.encodeFunctionData('setup', [
            [await signer.getAddress()], 1, ethers.ZeroAddress, '0x', await handler.getAddress(), ethers.ZeroAddress, 0, ethers.ZeroAddress]);
        const made = await (await factory.createProxyWithNonce(await singleton.getAddress(), setup, 1)).wait();
        const safe = made.logs.map(log => { try { return factory.interface.parseLog(log); } catch { return null; } })
            .find(log => log?.name === 'ProxyCreation').args.proxy;
        return { safe, registry: await registry.getAddress() };
    },

    // A Safe's signature of a message (its SafeMessage, EIP-712).
    safeSign: async ({ key, safe, chainId, message }) =>
        new ethers.Wallet(key).signTypedData(
            { chainId, verifyingContract: safe },
            { SafeMessage: [{ name: 'message', type: 'bytes' }] },
            { message: ethers.hashMessage(message) }),

    // A transaction of the Safe, approved by its owner's sending it.
    safeSend: async request => {
        const signer = owner(request);
        const contract = new ethers.Contract(request.safe, Safe.abi, signer);
        const approved = ethers.concat([ethers.zeroPadValue(await signer.getAddress(), 32), ethers.ZeroHash, '0x01']);
        const sent = await contract.execTransaction(
            request.to, BigInt(request.wei ?? 0), request.data, 0, 0, 0, 0, ethers.ZeroAddress, ethers.ZeroAddress, approved);
        return (await sent.wait()).status;
    },

    // The calldata that names a delegate, or takes the name back.
    delegate: ({ identity, delegate, seconds }) => {
        const registry = new ethers.Interface(registryArtifact.abi);
        const type = ethers.encodeBytes32String('meeda-put');
        return seconds === 0
            ? registry.encodeFunctionData('revokeDelegate', [identity, type, delegate])
            : registry.encodeFunctionData('addDelegate', [identity, type, delegate, seconds]);
    },
};


for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
        console.log(JSON.stringify({ result: (await commands[request.command](request)) ?? null }));
    } catch (error) {
        console.log(JSON.stringify({ error: String(error?.stack ?? error) }));
    }
}
process.exit(0);
