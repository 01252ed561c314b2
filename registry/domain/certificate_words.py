"""The words around what a certificate or bundle shows, in the languages of the public pages."""

from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateWords:
    """The words in one language. Labels stand alone: a sentence around a name would need its case and gender."""

    language: str
    certificate: str
    awarded_to: str
    unnamed: str
    achievement: str
    awarded: str
    valid_until: str
    credits: str
    results: str
    skills: str
    criteria: str
    details: str
    code: str
    badge: str
    """The alternative text before the achievement's name."""
    qr: str
    check: str
    check_link: str
    """Before the share link."""
    check_file: str
    """Before the address of the page where files are checked."""
    shortened: str
    revoked: str
    suspended: str
    expired: str
    preview: str

    def table(self) -> dict[str, str]:
        """Return the words by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


_ENGLISH: Final = CertificateWords(
    language="en",
    certificate="Certificate",
    awarded_to="Awarded to",
    unnamed="the holder of the attached credential",
    achievement="Achievement",
    awarded="Awarded on",
    valid_until="Valid until",
    credits="Credits",
    results="Results",
    skills="Skills",
    criteria="Criteria",
    details="Details",
    code="Code",
    badge="Badge:",
    qr="QR code with the address of the credential",
    check="Is it genuine and current?",
    check_link="Scan the code, or open",
    check_file="This file carries the signed credential and its proof. Drop it on",
    shortened="Shortened; the attached credential has everything.",
    revoked="Revoked by the issuer",
    suspended="Suspended by the issuer",
    expired="No longer valid",
    preview="Preview: nothing is signed",
)
_SPANISH: Final = CertificateWords(
    language="es",
    certificate="Certificado",
    awarded_to="Otorgado a",
    unnamed="la persona titular de la credencial adjunta",
    achievement="Logro",
    awarded="Fecha de otorgamiento",
    valid_until="Válido hasta",
    credits="Créditos",
    results="Resultados",
    skills="Competencias",
    criteria="Criterios",
    details="Detalles",
    code="Código",
    badge="Insignia:",
    qr="Código QR con la dirección de la credencial",
    check="¿Es auténtico y está vigente?",
    check_link="Escanee el código o abra",
    check_file="Este archivo contiene la credencial firmada y su prueba. Suéltelo en",
    shortened="Texto abreviado; la credencial adjunta lo contiene todo.",
    revoked="Revocado por el emisor",
    suspended="Suspendido por el emisor",
    expired="Ya no es válido",
    preview="Vista previa: no hay nada firmado",
)
_FRENCH: Final = CertificateWords(
    language="fr",
    certificate="Certificat",
    awarded_to="Décerné à",
    unnamed="la personne titulaire de l’attestation jointe",
    achievement="Réalisation",
    awarded="Décerné le",
    valid_until="Valable jusqu’au",
    credits="Crédits",
    results="Résultats",
    skills="Compétences",
    criteria="Critères",
    details="Détails",
    code="Code",
    badge="Badge :",
    qr="Code QR avec l’adresse de l’attestation",
    check="Est-il authentique et en vigueur ?",
    check_link="Scannez le code ou ouvrez",
    check_file="Ce fichier contient l’attestation signée et sa preuve. Déposez-le sur",
    shortened="Texte abrégé ; l’attestation jointe contient tout.",
    revoked="Révoqué par l’émetteur",
    suspended="Suspendu par l’émetteur",
    expired="N’est plus valable",
    preview="Aperçu : rien n’est signé",
)
_ARABIC: Final = CertificateWords(
    language="ar",
    certificate="شهادة",
    awarded_to="مُنحت إلى",
    unnamed="حامل الوثيقة المرفقة",
    achievement="الإنجاز",
    awarded="تاريخ المنح",
    valid_until="صالحة حتى",
    credits="الوحدات المعتمدة",
    results="النتائج",
    skills="المهارات",
    criteria="المعايير",
    details="التفاصيل",
    code="الرمز",
    badge="شارة:",
    qr="رمز QR يتضمن عنوان الوثيقة",
    check="هل هي أصلية وسارية؟",
    check_link="امسح الرمز أو افتح",
    check_file="يتضمن هذا الملف الوثيقة الموقعة وإثباتها. أفلِته في الصفحة",
    shortened="نص مختصر؛ الوثيقة المرفقة تتضمن كل شيء.",
    revoked="ألغتها الجهة المُصدِرة",
    suspended="علّقتها الجهة المُصدِرة",
    expired="لم تعد صالحة",
    preview="معاينة: لم يُوقَّع شيء",
)
_CHINESE: Final = CertificateWords(
    language="zh",
    certificate="证书",
    awarded_to="授予",
    unnamed="所附凭证的持有人",
    achievement="成就",
    awarded="颁发日期",
    valid_until="有效期至",
    credits="学分",
    results="成绩",
    skills="技能",
    criteria="达成条件",
    details="详情",
    code="验证码",
    badge="徽章：",
    qr="包含凭证地址的二维码",
    check="是否真实有效？",
    check_link="扫描二维码或打开",
    check_file="本文件包含已签名的凭证及其证明，请将其拖放到",
    shortened="内容已缩短；所附凭证包含全部内容。",
    revoked="已被颁发机构撤销",
    suspended="已被颁发机构暂停",
    expired="已失效",
    preview="预览：尚未签名",
)
_LANGUAGES: Final = {words.language: words for words in (_ENGLISH, _SPANISH, _FRENCH, _ARABIC, _CHINESE)}


def words_of(language: str) -> CertificateWords:
    """Return the words in a language, named by its tag; English where there are none."""
    return _LANGUAGES.get(language.partition("-")[0], _ENGLISH)
