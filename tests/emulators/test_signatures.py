"""Our own code for the vendors' signatures: their published vectors, and their signers' results."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import oss2
import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from qcloud_cos import CosConfig, CosS3Auth

from tests.emulators.cos_signing import http_string, sign
from tests.emulators.crc64 import _slow, crc64
from tests.emulators.glacier_authentication import normal
from tests.emulators.glacier_trees import Hashing
from tests.emulators.oss_signing import canonical_v4, sign_v1, sign_v4, string_v1, string_v4
from tests.emulators.s3_checksums import _FUNCTIONS
from tests.emulators.s3_signing import canonical, string_to_sign
from tests.emulators.s3_signing import sign as sign_s3


def test_oss_v4_vector() -> None:
    """The one that the vendor's SDKs are tested with."""
    query = {
        "param1": "value1",
        "+param1": "value3",
        "|param1": "value4",
        "+param2": "",
        "|param2": "",
        "param2": "",
    }
    headers = {
        "content-type": "text/plain",
        "x-oss-head1": "value",
        "abc": "value",
        "zabc": "value",
        "xyz": "value",
        "x-oss-date": "20231216T162057Z",
        "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
    }
    scope = "20231216/cn-hangzhou/oss/aliyun_v4_request"
    canonical = canonical_v4("PUT", "bucket", "1234+-/123/1.txt", query.items(), headers, ())
    signature = sign_v4("sk", string_v4(canonical, "20231216T162057Z", scope), scope)
    assert signature == "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe"


def test_oss_v1_vector() -> None:
    """The one of the vendor's documents."""
    date = "Wed, 28 Dec 2022 10:27:41 GMT"
    headers = {
        "content-md5": "eB5eJF1ptWaXm4bijSPyxw==",
        "content-type": "text/html",
        "x-oss-date": date,
        "x-oss-meta-author": "alice",
        "x-oss-meta-magic": "abracadabra",
    }
    string = string_v1("PUT", "examplebucket", "nelson", {}, headers, date)
    assert sign_v1("sk", string) == "kSHKmLxlyEAKtZPkJhG9bZb5k7M="


def test_cos_vector() -> None:
    """The one that the vendor's SDK for Go is tested with."""
    headers = {
        "host": "testbucket-125000000.cos.ap-guangzhou.myqcloud.com",
        "x-cos-content-sha1": "db8ac1c259eb89d4a131b253bacfca5f319d54f2",
        "x-cos-stroage-class": "nearline",
    }
    string = http_string("PUT", "/testfile2", {}, headers, (), sorted(headers))
    moment = "1480932292;1481012292"
    given = sign("AKIDZfbOA78asKUYBcXFrJD0a1ICvR98JM", moment, moment, string)
    assert given == "ce4ac0ecbcdb30538b3fee0a97cc6389694ce53a"


_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_EXAMPLE = {
    "host": "examplebucket.s3.amazonaws.com",
    "x-amz-content-sha256": _EMPTY,
    "x-amz-date": "20130524T000000Z",
}


@pytest.mark.parametrize(
    ("path", "query", "more", "signature"),
    [
        (
            "/test.txt",
            {},
            {"range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        ("/", {"lifecycle": ""}, {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "/",
            {"max-keys": "2", "prefix": "J"},
            {},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
    ids=["object", "subresource", "listing"],
)
def test_s3_vectors(path: str, query: dict[str, str], more: dict[str, str], signature: str) -> None:
    """The examples of the S3 API reference."""
    headers = {**_EXAMPLE, **more}
    scope = "20130524/us-east-1/s3/aws4_request"
    request = canonical("GET", path, query.items(), headers, headers, _EMPTY)
    assert sign_s3(_SECRET, string_to_sign(request, "20130524T000000Z", scope), scope) == signature


_CHECKS = {
    "crc64nvme": "ae8b14860a799888",
    "crc32c": "e3069283",
    "crc32": "cbf43926",
    "sha1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
    "sha256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
}


@pytest.mark.parametrize("algorithm", _CHECKS)
def test_s3_checksums(algorithm: str) -> None:
    """The check value of each, in pieces."""
    assert _FUNCTIONS[algorithm]([b"12345", b"", b"6789"]).hex() == _CHECKS[algorithm]


_KEYS = ["plain", "a b/c+d", "über/日本", "%41&=?#", "dir/", "tilde~'()*!"]


@pytest.mark.parametrize("key", _KEYS)
@pytest.mark.parametrize("params", [{}, {"uploads": ""}, {"versionId": "a b+c/=", "acl": "", "x": "not signed by 1"}])
@pytest.mark.parametrize("version", ["v1", "v4"])
def test_oss_like_the_sdk(key: str, params: dict[str, str], version: str) -> None:
    """Whatever oss2 signs, we sign the same."""
    request = oss2.http.Request(
        "PUT",
        "http://unused",
        params=dict(params),
        headers={"Content-Type": "text/plain", "x-oss-meta-a": "b c", "x-oss-storage-class": "IA"},
        region="cn-hangzhou",
        product="oss",
    )
    oss2.make_auth("id", "secret", version)._sign_request(request, "bucket", key)
    headers = {name.lower(): value for name, value in request.headers.items() if value is not None}
    given = headers.pop("authorization")
    if version == "v1":
        ours = sign_v1("secret", string_v1("PUT", "bucket", key, params, headers, headers["date"]))
        assert given == f"OSS id:{ours}"
    else:
        moment = headers["x-oss-date"]
        scope = f"{moment[:8]}/cn-hangzhou/oss/aliyun_v4_request"
        canonical = canonical_v4("PUT", "bucket", key, params.items(), headers, ())
        assert given.endswith(f"Signature={sign_v4('secret', string_v4(canonical, moment, scope), scope)}")


@pytest.mark.parametrize("key", _KEYS)
@pytest.mark.parametrize("params", [{}, {"uploads": ""}, {"prefix": "a b+c/=ü", "Max-Keys": "3"}])
def test_cos_like_the_sdk(key: str, params: dict[str, str]) -> None:
    """Whatever its signer signs, we sign the same."""
    config = CosConfig(Region="ap-guangzhou", SecretId="id", SecretKey="secret")
    headers = {"Host": "b-1.cos.ap-guangzhou.myqcloud.com", "x-cos-meta-A": "b c", "Range": "bytes=0-1", "date": "x"}
    request = requests.Request("PUT", "http://unused", headers=dict(headers))
    authorization = CosS3Auth(config, key, params)(request).headers["Authorization"]
    fields = dict(pair.partition("=")[::2] for pair in authorization.split("&"))
    assert fields["q-header-list"] == "host;range;x-cos-meta-a"
    lists = [list(filter(None, fields[name].split(";"))) for name in ("q-url-param-list", "q-header-list")]
    string = http_string("PUT", f"/{key}", params, headers, *lists)
    assert sign("secret", fields["q-key-time"], fields["q-sign-time"], string) == fields["q-signature"]


@pytest.mark.parametrize("key", _KEYS)
@pytest.mark.parametrize("params", [{}, {"uploads": ""}, {"versionId": "a b+c/=", "tagging": "", "X": "1"}])
def test_s3_like_the_sdk(key: str, params: dict[str, str]) -> None:
    """Whatever botocore signs, we sign the same."""
    url = f"https://bucket.s3.us-east-1.amazonaws.com/{quote(key, safe='/~')}"
    headers = {"x-amz-meta-a": "b  c", "Content-Type": "text/plain"}
    made = AWSRequest("PUT", url, headers=headers, params=dict(params), data=b"")
    S3SigV4Auth(Credentials("id", "secret", "token"), "s3", "us-east-1").add_auth(made)
    sent = {name.lower(): value for name, value in made.headers.items()}
    given = sent.pop("authorization")
    signed = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "x-amz-meta-a", "x-amz-security-token"} <= set(signed)
    sent["host"] = "bucket.s3.us-east-1.amazonaws.com"
    moment = sent["x-amz-date"]
    scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
    request = canonical("PUT", f"/{key}", params.items(), sent, signed, sent["x-amz-content-sha256"])
    assert given.endswith(f"Signature={sign_s3('secret', string_to_sign(request, moment, scope), scope)}")


@pytest.mark.parametrize("function", [crc64, lambda data: _slow()(data, 0)], ids=["library", "slow"])
def test_crc64(function: Any) -> None:
    """The check value of CRC-64/XZ, by either way of computing it; and it goes on from where it was."""
    assert function(b"123456789") == 11051210869376104954
    assert crc64(b"6789", crc64(b"12345")) == 11051210869376104954


@pytest.mark.parametrize(
    ("moment", "method", "path", "more", "payload", "signature"),
    [
        (
            "20120525T002453Z",
            "PUT",
            "/-/vaults/examplevault",
            {},
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "3ce5b2f2fffac9262b4da9256f8d086b4aaf42eba5f111c21681a65a127b7c2a",
        ),
        (
            "20120507T000000Z",
            "POST",
            "/-/vaults/examplevault/archives",
            {"x-amz-content-sha256": "726e392cb4d09924dbad1cc0ba3b00c3643d03d14cb4b823e2f041cff612a628"},
            "726e392cb4d09924dbad1cc0ba3b00c3643d03d14cb4b823e2f041cff612a628",
            "b092397439375d59119072764a1e9a144677c43d9906fd98a5742c57a2855de6",
        ),
    ],
)
def test_glacier_vectors(
    moment: str, method: str, path: str, more: dict[str, str], payload: str, signature: str
) -> None:
    """Those of the vendor's documents; in the second of them the path's end is not printed."""
    headers = {
        "host": "glacier.us-east-1.amazonaws.com",
        "x-amz-date": moment,
        "x-amz-glacier-version": "2012-06-01",
        **more,
    }
    scope = f"{moment[:8]}/us-east-1/glacier/aws4_request"
    request = canonical(method, normal(path), (), headers, headers, payload)
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert sign_s3(secret, string_to_sign(request, moment, scope), scope) == signature


@pytest.mark.parametrize(
    ("size", "tree"),
    [
        (1048575, "1b4571c7df12150afa939c0a590785773e80b7bd207b7dd19b7fd3c2256b46bc"),
        (1048576, "1af41c69e98cc8dbb1fe9d3302bc35a062cbbf99f733c8cbe8586d1b6327b69d"),
        (1048577, "78d6c5ae312da5fdee8380c5bae35fde09e31a9987d7831854b7a7524ba6dc59"),
        (2097153, "463fa8c133a4625f0b09d7af525f5b6255133f7dff4de4cb9090e5a6be92efd1"),
        (3145728, "4bba1bc0cc2fb572814ddaa23f73a54a55e88a26e1fee5f87e4a2aa37e258f3b"),
        (5242881, "43af9dec5f1ca88f99e2c8f7c2ada6d03db6139cdab392d978ee116255741916"),
    ],
)
def test_tree_hashes(size: int, tree: str) -> None:
    """Known ones, of bytes that come in odd pieces."""
    text = b"TDvjTNoOZdYLHGJgmowQQPIANymiZabVUgL4toMOXtAxTVdAb3fHc7djq3CWvg47"
    text += b"qp9e706QoGMA2PlhUyHkln9mw2G9Y1QynMS5zejFweL4Ll72P5eHSHXmzSBGZ4Xa"
    data = (text * (size // 128 + 1))[:size]
    hashing = Hashing()
    for at in range(0, size, 300_001):
        hashing.update(data[at : at + 300_001])
    hashing.finish()
    assert (hashing.tree, hashing.size) == (tree, size)
    assert hashing.linear == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("/", "/"), ("", "/"), ("//a//b/", "/a/b/"), ("/a/./b/../c", "/a/c"), ("/../a", "/a"), ("/a%20b", "/a%20b")],
)
def test_normal_paths(path: str, wanted: str) -> None:
    """As all services but S3 have them."""
    assert normal(path) == wanted
