/* Hashes by name, against values of another implementation at the edges of their blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/text.h"

static const struct {
    const char *algorithm;
    uint32_t size; /* so many times 'a'; 3 means "abc" */
    const char *hex;
} known[] = {
    {"MD5", 0, "d41d8cd98f00b204e9800998ecf8427e"},
    {"MD5", 3, "900150983cd24fb0d6963f7d28e17f72"},
    {"MD5", 55, "ef1772b6dff9a122358552954ad0df65"},
    {"MD5", 56, "3b0c8ac703f828b04c6c197006d17218"},
    {"MD5", 64, "014842d480b571495a4a0363793f7367"},
    {"MD5", 111, "089f243d1e831c5879aa375ee364a06e"},
    {"MD5", 112, "9146ef3527c7cfcc66dc615c3986e391"},
    {"MD5", 1000, "cabe45dcc9ae5b66ba86600cca6b8ba8"},
    {"SHA-1", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"SHA-1", 3, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"SHA-1", 55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
    {"SHA-1", 56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
    {"SHA-1", 64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
    {"SHA-1", 111, "ac877859d427d9192054eea8feb3b8a403ef83a5"},
    {"SHA-1", 112, "689993727ba37386bb032495e9dbdfb4dd1ba744"},
    {"SHA-1", 1000, "291e9a6c66994949b57ba5e650361e98fc36b1ba"},
    {"SHA-256", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"SHA-256", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"SHA-256", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
    {"SHA-256", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
    {"SHA-256", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
    {"SHA-256", 111, "6374f73208854473827f6f6a3f43b1f53eaa3b82c21c1a6d69a2110b2a79baad"},
    {"SHA-256", 112, "f54353008a2553262ecdc4a34749563ba0950e8b0fc8652780b0a614b99683c1"},
    {"SHA-256", 1000, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"},
    {"SHA-384", 0,
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fb"
     "d51ad2f14898b95b"},
    {"SHA-384", 3,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc23"
     "58baeca134c825a7"},
    {"SHA-384", 55,
     "5d91ac7e74e62b5c728904b40f10784d66b7af9cb6302123e48c92f0432ceb8d2a92c02de77dcb29"
     "ed75c4b42bde46f4"},
    {"SHA-384", 56,
     "8a8d9649ea04e993a6ca7135af7e3392cc5fca84f8531cac7aa3feed4eb98f55dcbe0f3284b61c6f"
     "35f98b02cc644b4c"},
    {"SHA-384", 64,
     "2e404b9339da795776e510d96930b3be2904c500395b8cb7413334b82d4dec413b4b8113045a05bb"
     "bcff846f027423f6"},
    {"SHA-384", 111,
     "3c37955051cb5c3026f94d551d5b5e2ac38d572ae4e07172085fed81f8466b8f90dc23a8ffcdea0b"
     "8d8e58e8fdacc80a"},
    {"SHA-384", 112,
     "187d4e07cb306103c69967bf544d0dfbe9042577599c73c330abc0cb64c61236d5ed565ee19119d8"
     "c31779a38f791fcd"},
    {"SHA-384", 1000,
     "f54480689c6b0b11d0303285d9a81b21a93bca6ba5a1b4472765dca4da45ee328082d469c650cd3b"
     "61b16d3266ab8ced"},
    {"SHA-512", 0,
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0"
     "ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    {"SHA-512", 3,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
     "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {"SHA-512", 55,
     "b0220c772cbf6c1822e2cb38a437d0e1d58772417a4bbb21c961364f8b6143e05aa6316dca8d1d7b"
     "19e16448419076395f6086cb55101fbd6d5497b148e1745f"},
    {"SHA-512", 56,
     "962b64aae357d2a4fee3ded8b539bdc9d325081822b0bfc55583133aab44f18bafe11d72a7ae16c7"
     "9ce2ba620ae2242d5144809161945f1367f41b3972e26e04"},
    {"SHA-512", 64,
     "01d35c10c6c38c2dcf48f7eebb3235fb5ad74a65ec4cd016e2354c637a8fb49b695ef3c1d6f7ae4c"
     "d74d78cc9c9bcac9d4f23a73019998a7f73038a5c9b2dbde"},
    {"SHA-512", 111,
     "fa9121c7b32b9e01733d034cfc78cbf67f926c7ed83e82200ef86818196921760b4beff48404df81"
     "1b953828274461673c68d04e297b0eb7b2b4d60fc6b566a2"},
    {"SHA-512", 112,
     "c01d080efd492776a1c43bd23dd99d0a2e626d481e16782e75d54c2503b5dc32bd05f0f1ba33e568"
     "b88fd2d970929b719ecbb152f58f130a407c8830604b70ca"},
    {"SHA-512", 1000,
     "67ba5535a46e3f86dbfbed8cbbaf0125c76ed549ff8b0b9e03e0c88cf90fa634fa7b12b47d77b694"
     "de488ace8d9a65967dc96df599727d3292a8d9d447709c97"},
};

static void hashes_are_those_of_others(void **state) {
    uint8_t data[1000];
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        char hex[129];

        memset(data, 'a', sizeof(data));
        if (known[i].size == 3)
            memcpy(data, "abc", 3);
        buf_clear(&out);
        assert_true(digest(view_text(known[i].algorithm), view_of(data, known[i].size), &out));
        hex_encode(buf_view(&out), hex);
        assert_string_equal(hex, known[i].hex);
    }
    buf_clear(&out);
    assert_false(digest(view_text("SHA-3"), view_of("", 0), &out));
    assert_int_equal(out.size, 0);
    buf_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(hashes_are_those_of_others)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
