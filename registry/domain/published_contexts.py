"""SHA-2 digests of the JSON-LD contexts that this installation knows, as their publishers serve them.

By these `relatedResource` is checked with no fetching (VC Data Model 2.0 section 5.3). Some packages carry a context with
other white space: what counts here is the published file. A test compares these with the packages and with copies of the
published files.
"""

from typing import Final

PUBLISHED: Final[dict[str, tuple[str, str, str]]] = {
    "https://www.w3.org/ns/credentials/v2": (
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
        "97f1eb8e5042356c805fdd61afa2c557663785e0794dcafa21e138fd38def18cb360133c221aa31d6896a6bf3e65b614",
        (
            "5d55452bd2dcf8a29f5a290473eb242b1c5fb77d4e68f1a0aa87baa4dba26948"
            "52d65ec63d48ac04a99d956f9f7153b9406f84d2d04c74869b02c239a1d81305"
        ),
    ),
    "https://www.w3.org/2018/credentials/v1": (
        "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
        "82c3b3eab863754bbfd2b9f17d8d6db9f61169f301cbf0b05e1fc4beb5f5c51dd4d2e888c274f49c3fbb2408f61faed1",
        (
            "536a40b390dda94a9e39196c00090f62668e8184fe3c8c02c4a22c85666e68bf"
            "6e85d3dc7f2dba85b2b62ef95d97de24132568d8504db43f2c9c82d2e88418d2"
        ),
    ),
    "https://www.w3.org/ns/credentials/examples/v2": (
        "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
        "ccd35b4135824944a2d1b6f3edd6ee6be45c10dbfb0ba16f966609d58f88ef6ec7b0f387773c042cc60ef4ccfaf0cdba",
        (
            "8d563097eab123966bd7fb88a2566d19fb369112dabfde9badfd553c04e101be"
            "b230918f58f5b927881f7b32d16045f8ac0f601b4574eeb09521bfbf9e539669"
        ),
    ),
    "https://www.w3.org/ns/credentials/undefined-terms/v2": (
        "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
        "b2a66ccddba70ba67ad99c2ff52e60558df0063cea51c4ca886e25d9ea73cfabb878baf92dc2ad2bda26c31391850d68",
        (
            "7c525ff49bc479ec5da7fccf5d56497e4be408eb269d36609cc1f6ce1f9c4ee2"
            "3e4aefb53d3728b4a1cac56da6518fcfde789af23a5dfb77f4ce693eb5ed581b"
        ),
    ),
    "https://w3id.org/security/data-integrity/v2": (
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
        "0ee2d7626717f8b07cd449b525d5e2b71fe27209fc99e53089e0169dd2944d793feea4526fc60bb9cca1cd96512391f6",
        (
            "39cd7a9a4047b74b8524640fe35633e81e8286d14bdbb7e77d0e08d850b00d6a"
            "35b0185d5de35c479baedb23a17989d9f628ac95531fdd79c0c5a0f632d9fa95"
        ),
    ),
    "https://w3id.org/security/multikey/v1": (
        "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
        "0fa51641d12fb8c701b2e6a9492556f25d32bb4af84a96f11808f0a623b972434dd18a8f1f1865bc68d8ee046c4e5a3e",
        (
            "127d1338ea7f702d745ed5bf6900eda8aac4419da5463181fca02c27e0508510"
            "6e7d3eece9ea0e156bcff5c3f99eead397785c453bc579f7dd5496a991e10b5f"
        ),
    ),
    "https://www.w3.org/ns/did/v1": (
        "adefa50311393eb1bd788a38ac9fe2696c65367928f6996812cd54577394f4da",
        "cc09b798f1bd332f30fe0faa10c6c55cb1b4a9cbae04865d6a3ddcf7099bbe05b9e9ee982d2afcf782a3005a527bbab7",
        (
            "6445d5a55a888253f2b2161328d0310e8f778a42708ccff7b2ec6f23eaecf6f3"
            "9e241b07c528ca256c3d98ed30eda8d16d63788a1cd45399af7a1493fa0983c5"
        ),
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json": (
        "d582f3564282fb3b709136d28412e78e70b678b4dbc2f0221f67d84932748355",
        "410e4d78c8f236cd46b8bfd16d9ae498dae1fc4eebef0ef679bd821b87fc3334d96f6b585dde226471a7ba2cc9367195",
        (
            "d5c9fecf908b1d743e57f1c14f4fb49a8e7418261355b7d1dc1772c6af6afa7f"
            "c155e31d154c7cb17f71f93c6a453e541234ec406bd43f2443df072be9ac6eb6"
        ),
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": (
        "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
        "7e000a9c71becc13b359560470d4d1b00f8d154ca052c54cdd20c7de6b87af5afc82aa2d2e571a94bff762b9155ea874",
        (
            "78b1442f25e2eececf4d7b274f0619ec84ccd6b81e95e7b01e55899d533e1436"
            "78e9fa78b4c78c3e37c14a829c365838fa30a43371d47b65142933df758dd19b"
        ),
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": (
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
        "c58d73edcd2c17e701985f918cc8c684485f2c5399ffbddcacb3de5744f090000f244e5f87292c353298accfb0d894e3",
        (
            "55648c6b454a777840f947a63a9cc11470b12eec88d71fd39716bad1f1e22641"
            "9f4935ea475b8bc990c1d004086f7c44a9d163de4f9676fcc26480a773efc050"
        ),
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json": (
        "146f85aa16effd7ca1da8056eb443f53ce1eca8a34186cb062832c0a97d889c3",
        "cf59a4b4b190ae798814ab6bc911c02efde291c386aed1bb11bd5a572d1eb2669bfd87019e994388db504a09ac244d5e",
        (
            "c4c25835ccbf75d1af4a8aad0bbca3d227b904cf462e0c7f17679dd90ff2e27b"
            "90fbaa15c3ab1525651471cff076f7cea3dabfd3eae33789e4a4c1f5ab276ca6"
        ),
    ),
    "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json": (
        "880f1902d4158f2f33ce06af41b90719977cd1ea337a9de2e41edb3ff5e543d6",
        "a846ad923699c67df5d09324134c645d1e15f4429f248856cbf1ca8967764cf8741476ea557dd505c891fe47e2487a1d",
        (
            "a122c8c9243e53f93f0751a7fb4407f1187a99b66ef1860c8d1037df5d0ec3c8"
            "d9f2fca7de381709af390277c8b9ad39f777b1e505b4fd26c849fa0a9e36b5c4"
        ),
    ),
}
"""Hex SHA-256, SHA-384 and SHA-512 by URL."""
