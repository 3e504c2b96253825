/* The examples of RFC 7714, sections 16 and 17, in hexadecimal. */
#ifndef TESTS_SRTP_RFC7714_H
#define TESTS_SRTP_RFC7714_H

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SALT "517569642070726f2071756f"
#define RTP_HEADER "8040f17b8041f8d35501a0b2"
#define RTP_TEXT "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573"
#define RTCP_HEADER "81c8000d4d617273"
#define RTCP_TEXT \
    "4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
#define RTP_IV "51753c6580c2726f20718414"
#define RTCP_IV "517524055203726f207170bb"
#define RTP_128                                                                    \
    "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833" \
    "899d7f27beb16a9152cf765ee4390cce"
#define RTP_256                                                                    \
    "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b" \
    "7aa3db36dfffd6b0f9bb7878d7a76c13"
#define RTCP_128                                                                               \
    "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b" \
    "c84aa45896cf4d2fc5abf87245d9eade"
#define RTCP_256                                                                               \
    "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad" \
    "1d1eb30c4446839f57ff6f6cb26ac3be"
#define RTCP_TAGGED_128 "841dd9683dd78ec92ae58790125f62b3"
#define RTCP_TAGGED_256 "91db4afbfeee5a978fab4393ed2615fe"

#endif
