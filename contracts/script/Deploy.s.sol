// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {MeedaVerifier} from "../src/MeedaVerifier.sol";

/// @dev The cheat codes of forge that a script uses.
interface ScriptVm {
    function startBroadcast() external;
    function stopBroadcast() external;
    function envAddress(string calldata name) external view returns (address);
}

/// @notice Deploys MeedaVerifier with the parameters for a network whose blocks come every 12 seconds. Reasons stand in contracts/README.md.
/// @dev MEEDA_TREASURY=0x… forge script script/Deploy.s.sol --rpc-url … --account … --broadcast
contract Deploy {
    ScriptVm private constant vm = ScriptVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function run() external returns (MeedaVerifier verifier) {
        IMeedaVerifier.Parameters memory p = parameters(vm.envAddress("MEEDA_TREASURY"));
        vm.startBroadcast();
        verifier = new MeedaVerifier(p);
        vm.stopBroadcast();
    }

    function parameters(address treasury) public pure returns (IMeedaVerifier.Parameters memory) {
        return IMeedaVerifier.Parameters({
            epochBlocks: 7200,
            proofWindow: 1800,
            challengeWindow: 50_400,
            hotEpochs: 2,
            hotSamples: 7680,
            coldSamples: 2560,
            retention: 108_000,
            publishWindow: 1800,
            minimumStake: 32 ether,
            missPenalty: 0.5 ether,
            missReward: 0.05 ether,
            fraudReward: 5000,
            demandBond: 0.005 ether,
            treasury: treasury
        });
    }
}
