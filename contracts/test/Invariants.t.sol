// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Actions} from "./Actions.sol";
import {MiniTest} from "./MiniTest.sol";
import {Operators} from "./Operators.sol";
import {Payers} from "./Payers.sol";
import {World} from "./World.sol";

contract InvariantsTest is MiniTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    event log_named_uint(string name, uint256 value);
    event log_named_bytes(string name, bytes value);

    uint256 private constant ACTIONS = 18;

    World private world;

    function setUp() public {
        world = new World();
        world.start();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(world);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(world);
        targets[0].selectors = new bytes4[](ACTIONS);
        for (uint256 i = 0; i < ACTIONS; i++) {
            targets[0].selectors[i] = actionAt(i);
        }
    }

    /// @dev Time passes, and blobs are anchored, more often than the rest.
    function actionAt(uint256 i) private pure returns (bytes4) {
        bytes4[ACTIONS] memory all = [
            World.pass.selector,
            World.pass.selector,
            Operators.anchor.selector,
            Operators.anchor.selector,
            Operators.renew.selector,
            Operators.proveOrChallenge.selector,
            Operators.proveOrChallenge.selector,
            Operators.proveOrChallenge.selector,
            Operators.reportMiss.selector,
            World.fees.selector,
            World.demand.selector,
            World.resolve.selector,
            Payers.release.selector,
            Payers.prepay.selector,
            Payers.unprepay.selector,
            World.stake.selector,
            World.claim.selector,
            World.steal.selector
        ];
        return all[i];
    }

    function invariant_balances_are_exact() public view {
        world.check();
        world.checkHonest();
    }

    function afterInvariant() public {
        assertTrue(world.failures() * 20 <= world.transactions(), "95 % of the transactions succeed");
        world.finish();
    }

    /// @dev In a long run every kind of action happens; `forge test -vv` prints how often, in the order of `Kind`.
    function test_everything_happens_and_balances_stay_exact() public {
        uint256 random = 7;
        uint256 never = 0;
        for (uint256 i = 0; i < 1500; i++) {
            random = uint256(keccak256(abi.encode(random)));
            bytes32 seed = keccak256(abi.encode(random, "seed"));
            (bool ok, bytes memory why) = address(world).call(abi.encodePacked(actionAt(random % ACTIONS), seed));
            if (!ok) emit log_named_bytes("reverted", why);
            assertTrue(ok, "no action reverts");
            if (i % 10 == 0) world.check();
        }
        world.checkHonest();
        emit log_named_uint("calls", world.calls());
        emit log_named_uint("only let blocks pass", world.idle());
        emit log_named_uint("transactions", world.transactions());
        emit log_named_uint("failed", world.failures());
        emit log_named_uint("refused as it must be", world.refusals());
        if (world.failures() != 0) emit log_named_bytes("last failure", world.lastFailure());
        for (uint256 k = 0; k <= uint256(type(Actions.Kind).max); k++) {
            uint256 count = world.happened(Actions.Kind(k));
            emit log_named_uint(vm.toString(k), count);
            if (count == 0) never++;
        }
        assertEq(never, 0, "every kind happens");
        assertTrue(world.failures() * 20 <= world.transactions(), "95 % of the transactions succeed");
        assertTrue(world.idle() * 5 <= world.calls(), "most calls do more than let blocks pass");
        world.finish();
    }
}
