// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IFraudCourt} from "./IFraudCourt.sol";

/// @title What promise keys sign, and who signed
/// @notice EIP-712 hashes of promises for the calling contract on the present chain, and plain ECDSA in the compact
/// form of EIP-2098.
/// @dev The chain id is read each time: after a fork a promise counts on the chain it was made for. Contract wallets
/// (EIP-1271) are not asked: one could deny tomorrow what it signed today.
library PromiseSignatures {
    /// @dev EIP-712: the type of the domain.
    bytes32 private constant _DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @dev EIP-712: the name of the domain, hashed.
    bytes32 private constant _NAME = keccak256("CredrootFraudCourt");

    /// @dev EIP-712: the version of the domain, hashed.
    bytes32 private constant _VERSION = keccak256("1");

    /// @dev EIP-712: the type of an inclusion promise.
    bytes32 private constant _INCLUSION_TYPE =
        keccak256("InclusionPromise(uint256 log,bytes32 leaf,uint64 slot,uint64 epoch,uint64 deadline)");

    /// @dev EIP-712: the type of a revocation promise.
    bytes32 private constant _REVOCATION_TYPE =
        keccak256("RevocationPromise(uint256 log,uint64 slot,uint64 epoch,uint64 deadline)");

    /// @dev Half the order of secp256k1: a larger s is the twin of a smaller one (EIP-2).
    uint256 private constant _HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice The hash that is signed for an inclusion promise.
    /// @param promised The promise.
    /// @return digest The hash.
    function digestOf(IFraudCourt.InclusionPromise calldata promised) internal view returns (bytes32 digest) {
        return _digest(keccak256(abi.encode(_INCLUSION_TYPE, promised)));
    }

    /// @notice The hash that is signed for a revocation promise.
    /// @param promised The promise.
    /// @return digest The hash.
    function digestOf(IFraudCourt.RevocationPromise calldata promised) internal view returns (bytes32 digest) {
        return _digest(keccak256(abi.encode(_REVOCATION_TYPE, promised)));
    }

    /// @notice Recover who signed a hash.
    /// @param digest The hash.
    /// @param signature The signature.
    /// @return signer The address of the key; zero for a signature of nobody.
    function signerOf(bytes32 digest, IFraudCourt.Signature calldata signature) internal pure returns (address signer) {
        uint256 s = uint256(signature.vs) & type(uint256).max >> 1;
        if (s > _HALF_ORDER) return address(0);
        return ecrecover(digest, uint8(27 + (uint256(signature.vs) >> 255)), signature.r, bytes32(s));
    }

    /// @notice Hash a promise for the calling contract on the present chain.
    /// @param promised The struct hash of the promise.
    /// @return digest The hash.
    function _digest(bytes32 promised) private view returns (bytes32 digest) {
        bytes32 domain = keccak256(abi.encode(_DOMAIN_TYPE, _NAME, _VERSION, block.chainid, address(this)));
        return keccak256(abi.encodePacked(hex"1901", domain, promised));
    }
}
