"""README.txt of a holder's bundle: what the files are, and how anybody checks them when this service is gone.

In the languages of the public pages. Commands, names of files and hashes are the same in each.
"""

from dataclasses import dataclass
from typing import Final

from registry.domain.hashing import Digest
from registry.domain.receipt import Anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """The text in one language; `{...}` are filled in."""

    files: str
    anchored: str
    waiting: str
    limits: str


_FILES_ENGLISH: Final = """\
THE FILES

credential.json   the signed credential; its bytes are what counts, everything else is made from it
badge.png         the badge as a picture, with the credential in it (Open Badges 3.0)
badge.svg         the same, for the web
certificate.pdf   to read and to print, with the credential attached
"""
_ANCHORED_ENGLISH: Final = """\
receipt.json      the proof: where the credential's hash is in a block of Ethereum

HOW ANYBODY CHECKS THEM, WITHOUT ASKING THE SERVICE THAT MADE THEM

Get credroot, a free program, and an Ethereum node of chain {chain}, your own or one that you trust:

    credroot verify credential.json --receipt receipt.json --rpc NODE --resolve-did --fetch-status

When the issuer's site is gone:

    credroot verify credential.json --receipt receipt.json --rpc NODE --trust-log {log}

By hand: the SHA-256 of credential.json is the leaf,

    {leaf}

Hashed along "path" in receipt.json, left or right, it gives the root,

    {root}

That root is the whole data of transaction {transaction}
to contract {contract}.
"""
_WAITING_ENGLISH: Final = """\

NOT ANCHORED YET

The credential is signed. Its proof is made when the next batch is anchored, usually within hours. Ask for this archive
again then, or for the receipt alone:

    {receipt_url}
"""

_TEXTS: Final = {
    "en": _Text(
        files=_FILES_ENGLISH,
        anchored=_ANCHORED_ENGLISH,
        waiting=_WAITING_ENGLISH,
        limits="A valid credential does not show that whoever presents it is its holder.\n",
    ),
    "es": _Text(
        files="""\
LOS ARCHIVOS

credential.json   la credencial firmada; cuentan sus bytes, todo lo demás se hace a partir de ella
badge.png         la insignia como imagen, con la credencial dentro (Open Badges 3.0)
badge.svg         lo mismo, para la web
certificate.pdf   para leer e imprimir, con la credencial adjunta
""",
        anchored="""\
receipt.json      la prueba: dónde está el hash de la credencial en un bloque de Ethereum

CÓMO LOS COMPRUEBA CUALQUIERA, SIN PREGUNTAR AL SERVICIO QUE LOS HIZO

Consiga credroot, un programa libre, y un nodo de Ethereum de la cadena {chain}, propio o de confianza:

    credroot verify credential.json --receipt receipt.json --rpc NODE --resolve-did --fetch-status

Si el sitio del emisor ya no existe:

    credroot verify credential.json --receipt receipt.json --rpc NODE --trust-log {log}

A mano: el SHA-256 de credential.json es la hoja,

    {leaf}

Combinada con los valores de «path» de receipt.json, a izquierda o derecha, da la raíz,

    {root}

Esa raíz es todo el contenido de la transacción {transaction}
al contrato {contract}.
""",
        waiting="""\

TODAVÍA SIN ANCLAR

La credencial está firmada. Su prueba se crea al anclar el siguiente lote, normalmente en unas horas. Vuelva a pedir
entonces este archivo, o solo el recibo:

    {receipt_url}
""",
        limits="Una credencial válida no demuestra que quien la presenta sea su titular.\n",
    ),
    "fr": _Text(
        files="""\
LES FICHIERS

credential.json   l’attestation signée ; ses octets font foi, tout le reste en est tiré
badge.png         le badge en image, avec l’attestation dedans (Open Badges 3.0)
badge.svg         le même, pour le web
certificate.pdf   à lire et à imprimer, avec l’attestation en pièce jointe
""",
        anchored="""\
receipt.json      la preuve : où se trouve l’empreinte de l’attestation dans un bloc d’Ethereum

COMMENT CHACUN LES VÉRIFIE, SANS DEMANDER AU SERVICE QUI LES A FAITS

Procurez-vous credroot, un programme libre, et un nœud Ethereum de la chaîne {chain}, le vôtre ou un nœud de confiance :

    credroot verify credential.json --receipt receipt.json --rpc NODE --resolve-did --fetch-status

Si le site de l’émetteur a disparu :

    credroot verify credential.json --receipt receipt.json --rpc NODE --trust-log {log}

À la main : le SHA-256 de credential.json est la feuille,

    {leaf}

Combinée aux valeurs de « path » dans receipt.json, à gauche ou à droite, elle donne la racine,

    {root}

Cette racine est tout le contenu de la transaction {transaction}
vers le contrat {contract}.
""",
        waiting="""\

PAS ENCORE ANCRÉE

L’attestation est signée. Sa preuve est créée avec l’ancrage du prochain lot, en général en quelques heures. Redemandez
alors cette archive, ou le reçu seul :

    {receipt_url}
""",
        limits="Une attestation valable ne montre pas que la personne qui la présente en est titulaire.\n",
    ),
    "ar": _Text(
        files="""\
الملفات

credential.json   الوثيقة الموقعة؛ بايتاتها هي المعتمدة، وكل ما عداها مأخوذ منها
badge.png         الشارة صورةً، وفيها الوثيقة (Open Badges 3.0)
badge.svg         الشارة نفسها للويب
certificate.pdf   للقراءة والطباعة، والوثيقة مرفقة به
""",
        anchored="""\
receipt.json      الإثبات: موضع بصمة الوثيقة في كتلة من إيثريوم

كيف يتحقق منها أي شخص دون سؤال الخدمة التي أصدرتها

احصل على البرنامج الحر credroot وعلى عقدة إيثريوم للسلسلة {chain}، لك أو موثوقة لديك:

    credroot verify credential.json --receipt receipt.json --rpc NODE --resolve-did --fetch-status

إذا لم يعد موقع الجهة المُصدِرة موجودًا:

    credroot verify credential.json --receipt receipt.json --rpc NODE --trust-log {log}

يدويًا: SHA-256 للملف credential.json هي الورقة،

    {leaf}

وبضمها إلى قيم "path" في receipt.json يسارًا أو يمينًا ينتج الجذر،

    {root}

وهذا الجذر هو كامل بيانات المعاملة {transaction}
إلى العقد {contract}.
""",
        waiting="""\

لم تُثبَّت بعد

الوثيقة موقعة. ويُنشأ إثباتها عند تثبيت الدفعة التالية، خلال ساعات عادةً. اطلب هذا الأرشيف مجددًا حينها، أو الإيصال وحده:

    {receipt_url}
""",
        limits="صلاحية الوثيقة لا تثبت أن من يقدمها هو حاملها.\n",
    ),
    "zh": _Text(
        files="""\
文件

credential.json   已签名的凭证；以其字节为准，其余文件均由它生成
badge.png         徽章图片，内含凭证（Open Badges 3.0）
badge.svg         同上，用于网页
certificate.pdf   用于阅读和打印，附有凭证
""",
        anchored="""\
receipt.json      证明：凭证的哈希在以太坊区块中的位置

如何不经签发服务自行验证

获取免费程序 credroot，以及链 {chain} 的以太坊节点（自己的或可信的）：

    credroot verify credential.json --receipt receipt.json --rpc NODE --resolve-did --fetch-status

如果颁发机构的网站已不存在：

    credroot verify credential.json --receipt receipt.json --rpc NODE --trust-log {log}

手工验证：credential.json 的 SHA-256 即叶子，

    {leaf}

按 receipt.json 中 "path" 的左右顺序逐步哈希，得到根，

    {root}

该根就是交易 {transaction}
（发往合约 {contract}）的全部数据。
""",
        waiting="""\

尚未上链

凭证已签名。下一批上链后即生成证明，通常在数小时内。届时请重新下载本压缩包，或仅下载收据：

    {receipt_url}
""",
        limits="凭证有效并不证明出示者就是持有人。\n",
    ),
}


def bundle_text(
    *, language: str, title: str, leaf: Digest, root: Digest | None, anchor: Anchor | None, receipt_url: str
) -> str:
    """Write the README; `root` and `anchor` are of the receipt, None before there is one."""
    text = _TEXTS.get(language.partition("-")[0], _TEXTS["en"])
    if root is None or anchor is None:
        said = text.waiting.format(receipt_url=receipt_url)
    else:
        said = text.anchored.format(
            chain=f"eip155:{anchor.log.chain_id}",
            log=anchor.log,
            leaf=leaf.hex(),
            root=root.hex(),
            transaction=anchor.transaction,
            contract=anchor.log.contract,
        )
    return f"{title}\n\n{text.files}{said}\n{text.limits}"
