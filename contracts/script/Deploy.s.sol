// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Parameters} from "../interfaces/MeedaTypes.sol";
import {BlobBounty} from "../src/BlobBounty.sol";
import {MeedaAnchors} from "../src/MeedaAnchors.sol";
import {MeedaEscrow} from "../src/MeedaEscrow.sol";
import {MeedaPublication} from "../src/MeedaPublication.sol";
import {MeedaSystem} from "../src/MeedaSystem.sol";
import {MeedaVerifier} from "../src/MeedaVerifier.sol";

/// @dev The cheat codes of forge that a script uses.
interface ScriptVm {
    function startBroadcast() external;
    function stopBroadcast() external;
    function envOr(string calldata name, bytes32 otherwise) external view returns (bytes32);
    function envUint(string calldata name) external view returns (uint256);
    function toString(uint256 value) external pure returns (string memory);
    function toString(bytes32 value) external pure returns (string memory);
    function toString(address value) external pure returns (string memory);
    function writeFile(string calldata path, string calldata data) external;
    function createDir(string calldata path, bool recursive) external;
}

/// @notice Deploys version 2 by CREATE2, tests what stands there, and writes deployments/<chainId>.json. Parameters are for
/// blocks of 12 seconds; reasons stand in README.md.
/// @dev MEEDA_CHAIN=1 forge script script/Deploy.s.sol --rpc-url … --account … --broadcast. MEEDA_SALT: another salt.
contract Deploy {
    ScriptVm private constant vm = ScriptVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev The chain is not the one that MEEDA_CHAIN names.
    error OtherChain(uint256 chainId, uint256 expected);

    /// @dev The deterministic deployment proxy, through which forge creates with a salt.
    address private constant PROXY = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    /// @dev What stands on the chain is not what was meant to.
    error SelfTestFailed(string what);

    function run() external returns (MeedaSystem system) {
        uint256 expected = vm.envUint("MEEDA_CHAIN");
        require(block.chainid == expected, OtherChain(block.chainid, expected));
        bytes32 salt = vm.envOr("MEEDA_SALT", bytes32(0));
        bytes[4] memory codes = partCodes();
        bytes32[4] memory hashes;
        for (uint256 i = 0; i < 4; i++) {
            hashes[i] = keccak256(codes[i]);
        }
        vm.startBroadcast();
        system = new MeedaSystem{salt: salt}(parameters(), hashes);
        for (uint256 i = 0; i < 4; i++) {
            system.create(codes[i]);
        }
        // Of no system, and under no other salt: it may stand already.
        if (bounties().code.length == 0) new BlobBounty{salt: 0}();
        vm.stopBroadcast();
        selfTest(system);
        write(system, salt, hashes);
    }

    /// @notice Checks a deployment by what it answers: parameters, parts, and that the parts know each other.
    function selfTest(MeedaSystem system) public view {
        require(
            keccak256(abi.encode(system.parameters())) == keccak256(abi.encode(parameters())),
            SelfTestFailed("parameters")
        );
        require(system.created() == 4, SelfTestFailed("parts"));
        address[4] memory parts = [system.anchors(), system.verifier(), system.publication(), system.escrow()];
        for (uint256 i = 0; i < 4; i++) {
            require(parts[i].code.length > 1000 && parts[i].code.length <= 24_576, SelfTestFailed("code"));
        }
        (, uint256 seedBlock,,) = MeedaVerifier(parts[1]).blocksOf(1);
        require(seedBlock == uint256(parameters().epochBlocks) + parameters().seedDelay, SelfTestFailed("verifier"));
        require(MeedaPublication(parts[2]).demandBond() >= parameters().demandBond, SelfTestFailed("publication"));
        require(MeedaAnchors(parts[0]).anchorCount(address(system)) == 0, SelfTestFailed("anchors"));
        require(MeedaEscrow(parts[3]).posterOf(address(system)) == address(system), SelfTestFailed("escrow"));
        require(keccak256(bounties().code) == keccak256(type(BlobBounty).runtimeCode), SelfTestFailed("bounties"));
    }

    /// @notice Where BlobBounty stands on every chain (EIP-1014).
    function bounties() public pure returns (address) {
        bytes32 codeHash = keccak256(type(BlobBounty).creationCode);
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", PROXY, bytes32(0), codeHash)))));
    }

    function parameters() public pure returns (Parameters memory) {
        return Parameters({
            epochBlocks: 7200,
            seedDelay: 64,
            proofWindow: 1800,
            challengeWindow: 50_400,
            hotEpochs: 2,
            hotSamples: 7680,
            coldSamples: 2560,
            retention: 108_000,
            publishWindow: 1800,
            anchorGrace: 7200,
            escrowNotice: 1800,
            fraudRewardBps: 500,
            minimumStake: 32 ether,
            stakePerBlob: 0.000032 ether,
            missPenalty: 0.3 ether,
            missReward: 0.03 ether,
            demandBond: 0.005 ether
        });
    }

    function write(MeedaSystem system, bytes32 salt, bytes32[4] memory hashes) private {
        string memory text = string.concat(
            '{\n "chainId": ', vm.toString(block.chainid), ',\n "version": "2",\n "salt": "', vm.toString(salt), '"'
        );
        text = string.concat(text, line("system", address(system)), line("anchors", system.anchors()));
        text = string.concat(text, line("verifier", system.verifier()), line("publication", system.publication()));
        text = string.concat(text, line("escrow", system.escrow()), line("bounties", bounties()));
        text = string.concat(text, ',\n "codeHashes": [');
        for (uint256 i = 0; i < 4; i++) {
            text = string.concat(text, i == 0 ? '"' : '", "', vm.toString(hashes[i]));
        }
        vm.createDir("deployments", true);
        vm.writeFile(string.concat("deployments/", vm.toString(block.chainid), ".json"), string.concat(text, '"]\n}\n'));
    }

    function line(string memory name, address value) private pure returns (string memory) {
        return string.concat(',\n "', name, '": "', vm.toString(value), '"');
    }

    function partCodes() private pure returns (bytes[4] memory) {
        return [
            type(MeedaAnchors).creationCode,
            type(MeedaVerifier).creationCode,
            type(MeedaPublication).creationCode,
            type(MeedaEscrow).creationCode
        ];
    }
}
