"""The words in which permissions are asked for, per locale; a version's words never change, a new one is added.

Whoever agreed, agreed to one of these versions: their evidence names it.
"""

from collections.abc import Mapping

from common.contracts.consents import ConsentText, Purpose
from common.contracts.directory import Locale

VERSION = 1
"""Of the wording that is asked today."""

_WORDS: Mapping[Purpose, Mapping[Locale, str]] = {
    "marketing": {
        "ru": "Я хочу получать от клиники приглашения на профилактические осмотры, новости и предложения. "
        "Согласие можно отозвать в любой момент; на лечение это не влияет.",
        "kk": "Клиникадан алдын ала тексеруге шақырулар, жаңалықтар мен ұсыныстар алғым келеді. "
        "Келісімді кез келген уақытта қайтарып алуға болады; бұл емделуге әсер етпейді.",
        "en": "I would like to receive invitations to check-ups, news and offers from the clinic. "
        "I can withdraw this at any time; it does not affect my treatment.",
        "pt-BR": "Quero receber da clínica convites para consultas de prevenção, novidades e ofertas. "
        "Posso retirar este consentimento a qualquer momento; isso não afeta meu tratamento.",
        "fa": "مایلم دعوت به معاینه‌های دوره‌ای، خبرها و پیشنهادهای کلینیک را دریافت کنم. "
        "هر زمان می‌توانم این رضایت را پس بگیرم؛ این کار بر درمان من اثری ندارد.",
        "fr": "Je souhaite recevoir de la clinique des invitations à des contrôles, des nouvelles et des offres. "
        "Je peux retirer cet accord à tout moment\u202f; cela ne change rien à mes soins.",
        "zh-TW": "我願意收到診所的定期檢查邀請、最新消息與優惠。我可以隨時撤回同意,這不會影響我的診療。",
    },
    "cross_border": {
        "ru": "Я согласен(на), чтобы для сообщений о моих визитах (например, через WhatsApp) мои имя и номер телефона "
        "передавались сервисам, чьи серверы находятся за пределами моей страны. Согласие можно отозвать в любой момент.",
        "kk": "Қабылдауларым туралы хабарламалар үшін (мысалы, WhatsApp арқылы) аты-жөнім мен телефон нөмірімнің "
        "серверлері елімнен тыс жерде орналасқан қызметтерге берілуіне келісемін. Келісімді кез келген уақытта қайтарып алуға болады.",
        "en": "I agree that, for messages about my visits (for example by WhatsApp), my name and phone number are "
        "passed to services whose servers are outside my country. I can withdraw this at any time.",
        "pt-BR": "Concordo que, para mensagens sobre minhas consultas (por exemplo, pelo WhatsApp), meu nome e telefone "
        "sejam transferidos a serviços com servidores fora do meu país. Posso retirar este consentimento a qualquer momento.",
        "fa": "موافقم که برای پیام‌های مربوط به نوبت‌هایم (برای نمونه با واتس‌اپ) نام و شماره تلفنم به خدماتی داده شود "
        "که سرورهایشان بیرون از کشور من است. هر زمان می‌توانم این رضایت را پس بگیرم.",
        "fr": "J’accepte que, pour les messages concernant mes rendez-vous (par exemple par WhatsApp), mon nom et mon "
        "numéro de téléphone soient transmis à des services dont les serveurs sont hors de mon pays. "
        "Je peux retirer cet accord à tout moment.",
        "zh-TW": "我同意為了傳送看診相關訊息(例如透過 WhatsApp),將我的姓名與電話號碼傳輸至伺服器位於境外的服務。我可以隨時撤回同意。",
    },
}


def asked(locale: Locale | None = None) -> list[ConsentText]:
    """What is asked today, in one locale or in all."""
    return [
        ConsentText(purpose=purpose, locale=one, version=f"{purpose}.{one}.{VERSION}", text=text)
        for purpose, by_locale in _WORDS.items()
        for one, text in by_locale.items()
        if locale in {None, one}
    ]
