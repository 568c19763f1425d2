from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.questions import is_question

ASKED = {
    "en": """
        what is the latency of the order service
        where do most of the slow requests come from
        would a write through cache keep the prices fresh
        and what happens when the cache in one region goes down
        good can we measure the latency before and after the change
        so my question is how you keep the two regions in step
        could you explain how the failover works
        how do you deploy
        we looked at the dashboard yesterday how do you explain the spike
        why is it slow
        why
        who owns this service
        which version are you running
        which one is cheaper
        when did that start
        when is the next release
        how much does it cost
        how many nodes do you run
        how big is the index
        how long does a rebuild take
        is there a rollback plan
        are you going to migrate this quarter
        is caching enabled
        does latency matter here
        did it work
        did you try a smaller batch size
        do we have a backup
        do you use kafka
        have you considered a queue
        has anyone seen this error before
        should we add an index
        can someone share the link
        sarah can you take this one
        i was wondering if you could share the numbers
        i'm curious how you handle retries
        tell me more about the schema
        walk us through the release process
        i'd like to know what the budget is
        any thoughts on that
        any questions
        what about security
        how about friday
        what if the primary dies
        what's the plan for next week
        what's your name
        you run it in two regions right
        it does not scale does it
        that is a problem isn't it
        isn't it simpler to use a queue
        don't you think that is risky
        couldn't we just retry
        okay so how would you test it
        um well who is on call tonight
        We moved last year. How did it go.
        Is that the final number? I think so.
        For how long do you keep the logs
        in which region is the primary
        let me ask something about the budget
        quick question about the billing
        explain the difference between the two
        so is it possible to roll back
        will the cache be warm by then
        was that before the release
        do the tests pass on your machine or not
        what would you recommend
        the cache is cold what do we do then
        sorry what
        where exactly
        does anyone know the password policy
        are there any risks
        and then you would just add a replica is that right
        you mean the primary or the replica
        any blockers
        so the question is whether we can afford it
        how come it took so long
        describe the architecture
        who did you ask
        i need to know when it is done
        You did what?
        The price is two dollars?
    """,
    "de": """
        was kostet das im monat
        wie lange dauert die migration
        warum ist die antwort so langsam
        wer hat das letzte update gemacht
        könnt ihr das bitte kurz erklären
        habt ihr schon einen termin
        gibt es einen plan für den ausfall
        meine frage wäre ob das auch ohne cache geht
        welche version nutzt ihr
        ich frage mich ob das skaliert
        was passiert wenn der knoten ausfällt
        das läuft in zwei regionen oder
        also sollten wir den index neu bauen
        wie macht ihr das backup
    """,
    "fr": """
        pourquoi est-ce si lent
        est-ce que vous avez un plan de secours
        combien de temps dure la migration
        qu'est-ce qui se passe si le cache tombe
        comment mesurez-vous la latence
        pouvez-vous expliquer le schéma
        quelle version utilisez-vous
        ma question est de savoir si ça passe à l'échelle
        je me demande si c'est une bonne idée
        et qui est d'astreinte ce soir
        avez-vous essayé un index
        où sont les journaux
    """,
    "es": """
        cuánto cuesta al mes
        por qué es tan lento
        y qué pasa si se cae el nodo
        puedes explicar el esquema
        cómo medís la latencia
        hay algún plan de respaldo
        mi pregunta es si esto escala
        me gustaría saber cuándo empieza
        quién está de guardia esta noche
        lo probaste en las dos regiones verdad
        cuál es la versión
        ¿Dónde están los registros
    """,
    "it": """
        perché è così lento
        quanto costa al mese
        cosa succede se cade il nodo
        puoi spiegare lo schema
        come misurate la latenza
        c'è già un piano di riserva
        la mia domanda è se questo scala
        vorrei sapere quando si comincia
        chi è di turno stasera
        quale versione usate
        avete provato un indice
    """,
    "pt": """
        quanto custa por mês
        por que está tão lento
        o que acontece se o nó cair
        você pode explicar o esquema
        como vocês medem a latência
        tem algum plano de reserva
        minha pergunta é se isso escala
        gostaria de saber quando começa
        quem está de plantão hoje
        qual é a versão
        roda em duas regiões né
    """,
    "nl": """
        waarom is het zo traag
        wat kost dat per maand
        hoe lang duurt de migratie
        kunnen jullie het schema uitleggen
        hebben jullie een noodplan
        mijn vraag is of dit schaalt
        ik vraag me af of dat klopt
        wie heeft er vanavond dienst
        welke versie draaien jullie
        wat gebeurt er als de cache uitvalt
        het draait in twee regio's toch
    """,
    "pl": """
        dlaczego to jest takie wolne
        ile to kosztuje miesięcznie
        czy macie plan awaryjny
        jak mierzycie opóźnienie
        co się stanie jeśli węzeł padnie
        możesz wyjaśnić ten schemat
        mam pytanie o budżet
        zastanawiam się czy to się skaluje
        kto ma dziś dyżur
        która wersja działa na produkcji
        to działa w dwóch regionach prawda
    """,
    "ja": """
        遅延はどのくらいですか
        なぜ遅いのですか
        いつ始まりますか
        このスキーマを説明してもらえますか
        バックアップはありますか
        どうやって測定していますか
        誰が担当していますか
        キャッシュが落ちたらどうなりますか
        質問があります
        詳しく教えてください
        費用はいくらですか
    """,
    "zh": """
        为什么这么慢
        每个月多少钱
        你们有备份吗
        缓存挂了怎么办
        能不能解释一下这个架构
        谁在值班
        什么时候开始
        我的问题是这个能不能扩展
        是不是需要重建索引
        延迟是多少呢
        請問怎麼測量延遲
    """,
}

SAID = {
    "en": """
        when we deployed it it broke
        when we deployed it, it broke
        what a day
        which is why we moved to a queue
        how nice
        how nice of you
        what we need is a cache
        what i mean is that it is slow
        what matters is that we ship on friday
        what the customer wants is speed
        so we should put a cache in front of the database
        we tried that but the cache returned old prices after an update
        it would but each write waits for the cache and for the database
        that is fine we read a hundred times more often than we write
        then the service reads from the database until the cache is warm again
        yes i will add a dashboard today and on friday we look at it together
        that is how we do it
        this is what it looks like
        that's why it is slow
        that's right
        you are right
        all right
        will do
        would be great
        should be fine
        can't hear you
        is fine by me
        was just thinking about it
        did that yesterday
        did it again
        do the migration first
        do that tomorrow
        don't worry about it
        don't stop there
        have a look at the logs
        have a nice day
        should you need anything let me know
        nor do we
        so do we
        so does the cache
        so did they
        neither did they
        only then can we release it
        i know how it works
        he told us how to do it
        it depends on how many users we have
        i do not know why
        where we are today is not so bad
        who knows
        no questions from my side
        that is a good question
        good question
        without question the best option
        i can share the link
        you can see it on the dashboard
        we could do that
        as you can see the numbers are down
        it is what it is
        thank you
        yes
        okay
        mostly from the second region
        every request reads the same product data from the database
        i think that is what they do
        we do what we can
        the server which is in frankfurt is down
        the team who are responsible will fix it
        let's move on
        the latency is two hundred milliseconds
        see https://example.org/search?q=cache for it
        which means we are late
        which was nice
        what is more we saved money
        i did not ask about that
        they could not tell me how it works
        were we to move it would take a year
        not only do we save money we are also faster
        everybody does what they want
        the question mark is missing in that file
        how we did it is in the wiki
        I know. Thanks.
        we asked them to explain the design
        they are the ones who did it
        may i say that i disagree
        any time
        i want to ask for a raise
        we need to know the price
        we have to understand how it works
        what i would do is add an index
        where it gets interesting is the second part
        however it is slow
        whenever we deploy it breaks
        had we known we would have stopped
        let's see what they have to say
        let me know if you need anything
        the more we wait the worse it gets
    """,
    "de": """
        wenn wir das ausrollen wird es langsam
        wie schön
        was für ein tag
        wie gesagt das ist fertig
        wir haben das gestern gemacht
        das ist eine gute frage
        ich habe keine fragen
        der server der in frankfurt steht ist aus
        als wir das ausgerollt haben ging es kaputt
        ja das machen wir so
        danke das war alles
        weiß ich nicht
        haben wir schon gemacht
    """,
    "fr": """
        quand on a déployé ça a cassé
        quel dommage
        c'est pourquoi nous avons changé
        nous avons fait ça hier
        je sais comment ça marche
        c'est une bonne question
        le serveur est à paris
        oui on fait comme ça
        merci beaucoup
        la latence est de deux cents millisecondes
        je n'ai pas de questions
    """,
    "es": """
        cuando lo desplegamos se rompió
        qué bien
        por eso cambiamos
        lo hicimos ayer
        es una buena pregunta
        puede ser
        tenemos dos regiones
        el servidor está en madrid
        sí lo hacemos así
        muchas gracias
        la latencia es de doscientos milisegundos
        no tengo ninguna pregunta
        qué pena
    """,
    "it": """
        quando abbiamo fatto il rilascio si è rotto
        che bello
        ecco perché abbiamo cambiato
        lo abbiamo fatto ieri
        è una buona domanda
        il server è a milano
        sì facciamo così
        grazie mille
        la latenza è di duecento millisecondi
        nessuna domanda
        che peccato
    """,
    "pt": """
        quando a gente implantou quebrou
        que bom
        por isso mudamos
        fizemos isso ontem
        é uma boa pergunta
        o servidor fica em lisboa
        sim fazemos assim
        muito obrigado
        a latência é de duzentos milissegundos
        nenhuma pergunta
        que pena
    """,
    "nl": """
        toen we het uitrolden ging het stuk
        wat leuk
        dat is waarom we zijn overgestapt
        we hebben dat gisteren gedaan
        dat is een goede vraag
        de server staat in amsterdam
        ja zo doen we het
        dank je wel
        de vertraging is tweehonderd milliseconden
        geen vragen
        wat een dag
    """,
    "pl": """
        kiedy wdrożyliśmy to się zepsuło
        co za dzień
        dlatego zmieniliśmy system
        zrobiliśmy to wczoraj
        to jest dobre pytanie
        serwer jest w warszawie
        tak robimy
        dziękuję bardzo
        opóźnienie wynosi dwieście milisekund
        jak miło
        nie ma żadnych pytań
    """,
    "ja": """
        そうですか
        なるほど
        昨日やりました
        サーバーは東京にあります
        ありがとうございます
        いい質問です
        遅いですから変えました
        いつもこうしています
        質問はありません
        はいそうです
        静かな場所です
    """,
    "zh": """
        这就是为什么我们换了
        昨天做完了
        服务器在上海
        谢谢大家
        没问题
        我知道怎么做
        没什么
        好问题
        延迟是两百毫秒
        几乎没有错误
        我们每天都这样做
    """,
}


def lines_of(corpus: dict[str, str]) -> list[tuple[str, str]]:
    return [(language, line.strip()) for language, lines in corpus.items() for line in lines.strip().splitlines()]


@pytest.mark.parametrize(("language", "line"), lines_of(ASKED))
def test_a_question_is_seen(language: str, line: str) -> None:
    assert is_question(line, language)


@pytest.mark.parametrize(("language", "line"), lines_of(SAID))
def test_a_statement_is_no_question(language: str, line: str) -> None:
    assert not is_question(line, language)


@pytest.mark.parametrize("mark", ["?", "？", "?!", " ?", '?"'])
@pytest.mark.parametrize("language", ["", "en", "de", "ja", "fi"])
def test_a_question_mark_asks_in_every_language(mark: str, language: str) -> None:
    assert is_question(f"so{mark}", language)


@pytest.mark.parametrize(("text", "asks"), [("هل هذا صحيح؟", True), ("Πόσο κοστίζει;", True), ("one; two", False)])
def test_other_scripts_have_their_own_marks(text: str, asks: bool) -> None:
    assert is_question(text) == asks


@pytest.mark.parametrize("language", ["", "fi", "en-GB", "EN", "xx"])
def test_a_language_that_is_not_known_is_taken_for_english(language: str) -> None:
    assert is_question("how do you deploy", language)
    assert not is_question("we deployed it", language)


def test_a_region_changes_nothing() -> None:
    assert is_question("was kostet das im monat", "de-AT")


@given(st.text(max_size=200), st.sampled_from(["", *ASKED]))
def test_any_text_has_an_answer(text: str, language: str) -> None:
    assert is_question(text, language) in (True, False)


@given(st.sampled_from(lines_of(ASKED) + lines_of(SAID)))
def test_capitals_and_spaces_change_nothing(entry: tuple[str, str]) -> None:
    language, line = entry
    assert is_question(line.capitalize().replace(" ", "  "), language) == is_question(line, language)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("we moved it and " * 2000 + "so why is it slow", True),
        ("why is it slow, " + "we moved it and " * 2000, True),
        ("we moved it and " * 2000, False),
    ],
)
def test_of_a_long_line_the_beginning_and_the_end_are_judged(text: str, asks: bool) -> None:
    assert is_question(text) is asks
